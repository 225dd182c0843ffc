import { Worker } from 'node:worker_threads';
import { ConfigError } from '@rollcall/core';
import type { LoadRequest, LoadResult } from './load-registry.ts';
import type { EntryChange } from './registry-entries.ts';
import type { ThreadAnswer } from './registry-thread.ts';

const isSource = import.meta.url.endsWith('.ts');
/** The thread's file lies beside this one, as source and as built. */
const threadFile = new URL(`./registry-thread${isSource ? '.ts' : '.js'}`, import.meta.url);
/** Tests run the sources without a build, also those of other packages. One of these uses `node:sqlite`, about which Node.js 22 warns. */
const execArgv = [
  '--disable-warning=ExperimentalWarning',
  ...(isSource ? ['--conditions=@rollcall/source'] : []),
];

export interface Loaded {
  readonly result: LoadResult;
  /** What changed, in slices that can be applied quickly. */
  readonly slices: readonly (readonly EntryChange[])[];
}

/** Loads a registry file. @throws ConfigError when it was given up: `signal` aborted, or the thread that loads it died. */
export type Load = (request: LoadRequest, signal: AbortSignal) => Promise<Loaded>;

/**
 * Loads a registry file in a thread of its own. The thread ends afterwards, and the memory that its parser took is free again.
 * The event loop of this thread is never blocked for long.
 *
 * @throws ConfigError when the thread died, for example because memory ran out.
 */
export function loadInThread(request: LoadRequest, signal: AbortSignal): Promise<Loaded> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(threadFile, { workerData: request, execArgv });
    const slices: (readonly EntryChange[])[] = [];
    let result: LoadResult | undefined;
    const end = (settle: () => void): void => {
      signal.removeEventListener('abort', abort);
      void thread.terminate();
      settle();
    };
    const fail = (problem: string): void =>
      end(() => {
        const text = `${request.file}: cannot be loaded (${problem})`;
        reject(new ConfigError([{ code: 'REGISTRY_UNREADABLE', text }]));
      });
    const abort = (): void => fail('closed');
    const next = (): unknown => setImmediate(() => thread.postMessage('next'));

    thread.on('message', (answer: ThreadAnswer) => {
      if ('result' in answer) {
        ({ result } = answer);
        next();
      } else if (answer.slice) {
        slices.push(answer.slice);
        next();
      } else if (result) {
        const whole = { result, slices };
        end(() => resolve(whole));
      }
    });
    thread.on('error', (error) => fail(error.message));
    thread.on('exit', (code) => fail(`its thread ended with status ${code}`));
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
  });
}

import { Worker } from 'node:worker_threads';
import { TransportError } from '@rollcall/core';
import type { SqliteStoreOptions } from './sqlite-store.ts';
import type { StoreAnswer, StoreRequest } from './store-thread.ts';
import type { JournalStore, StoredContents } from './stored.ts';

/** Beside this file, as source and as built. */
const threadFile = new URL(
  `./store-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

/** A SQLite file in a thread of its own, so that a slow disk stalls no device. A thread that dies is replaced. */
export function createThreadedStore(options: SqliteStoreOptions): JournalStore {
  let thread: Worker | undefined;
  let waiting: ((answer: StoreAnswer) => void) | undefined;

  function start(): Worker {
    // Node.js 22 warns of `node:sqlite` with each start; what we use of it did not change since.
    const started = new Worker(threadFile, { execArgv: ['--disable-warning=ExperimentalWarning'] });
    const ended = (problem: string): void => {
      if (thread !== started) return;
      thread = undefined;
      answer({ status: 'failed', problem });
    };
    started.on('message', answer);
    started.on('error', (error) => ended(error.message));
    started.on('exit', (code) => ended(`its thread ended with status ${code}`));
    // The journal by itself is no reason to keep a process running.
    started.unref();
    return started;
  }

  function answer(given: StoreAnswer): void {
    waiting?.(given);
    waiting = undefined;
  }

  async function ask(request: StoreRequest): Promise<StoredContents | undefined> {
    if (!thread) {
      thread = start();
      if (request.type !== 'open') await ask({ type: 'open', ...options });
    }
    const given = await new Promise<StoreAnswer>((resolve) => {
      waiting = resolve;
      thread?.postMessage(request);
    });
    if (given.status === 'failed') throw new TransportError(`journal ${options.file}: ${given.problem}`);
    return given.contents;
  }

  return {
    async open() {
      const contents = await ask({ type: 'open', ...options });
      return contents ?? { events: [], rhythms: [] };
    },
    apply: async (batch) => void (await ask({ type: 'apply', batch })),
    async close() {
      const closing = thread;
      if (!closing) return;
      await ask({ type: 'close' }).catch(() => {});
      thread = undefined;
      await closing.terminate();
    },
  };
}

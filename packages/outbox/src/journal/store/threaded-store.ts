import { Worker } from 'node:worker_threads';
import { TransportError } from '@rollcall/core';
import { packBatch } from './pack-batch.ts';
import type { SqliteStoreOptions } from './sqlite-store.ts';
import type { StoreAnswer, StoreRequest } from './store-thread.ts';
import type { JournalStore, StoreCondition, StoreReads, StoreSummary } from './stored.ts';

/** The thread's file lies beside this one, as source and as built. */
const threadFile = new URL(
  `./store-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

/** A SQLite file in a thread of its own, so that a slow disk stalls no device. A thread that dies is replaced. */
export function createThreadedStore(options: SqliteStoreOptions): JournalStore {
  let thread: Worker | undefined;
  /** Callers that wait for an answer of the thread, in the order of their requests. */
  let waiting: ((answer: StoreAnswer) => void)[] = [];

  function start(): Worker {
    // Node.js 22 warns about `node:sqlite` at each start; the functions that we use did not change since.
    const started = new Worker(threadFile, { execArgv: ['--disable-warning=ExperimentalWarning'] });
    const ended = (problem: string): void => {
      if (thread !== started) return;
      thread = undefined;
      const unanswered = waiting;
      waiting = [];
      for (const answer of unanswered) answer({ status: 'failed', problem });
    };
    started.on('message', (answer: StoreAnswer) => {
      if (thread === started) waiting.shift()?.(answer);
    });
    started.on('error', (error) => ended(error.message));
    started.on('exit', (code) => ended(`its thread ended with status ${code}`));
    // The journal by itself is no reason to keep a process running.
    started.unref();
    return started;
  }

  async function ask(request: StoreRequest): Promise<unknown> {
    if (!thread) {
      thread = start();
      // Not awaited: the thread answers in order, and tries again if this fails.
      if (request.type !== 'open') void post({ type: 'open', ...options }).catch(() => {});
    }
    return post(request);
  }

  async function post(request: StoreRequest): Promise<unknown> {
    const given = await new Promise<StoreAnswer>((resolve) => {
      waiting.push(resolve);
      thread?.postMessage(request);
    });
    if (given.status === 'failed')
      throw new TransportError(`journal ${options.file}: ${given.problem}`, {
        startCode: 'JOURNAL_NOT_OPENED',
      });
    return given.result;
  }

  return {
    // The thread answers each request with the result of the store's own function.
    open: async () => (await ask({ type: 'open', ...options })) as StoreSummary,
    read: async (what, which) =>
      (await ask({ type: 'read', what, which })) as ReturnType<StoreReads[typeof what]>,
    apply: async (batch) => void (await ask({ type: 'apply', batch: packBatch(batch) })),
    check: async () => (await ask({ type: 'check' })) as StoreCondition,
    async close() {
      const closing = thread;
      if (!closing) return;
      await ask({ type: 'close' }).catch(() => {});
      thread = undefined;
      await closing.terminate();
    },
  };
}

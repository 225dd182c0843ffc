import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Log } from '@rollcall/core';

export interface BcryptPool {
  /** Resolves with whether the password matches, or with `busy` where too many wait already. */
  compare(password: string, hash: string): Promise<boolean | 'busy'>;
  close(): Promise<void>;
}

interface Job {
  readonly password: string;
  readonly hash: string;
  resolve(result: boolean | 'busy'): void;
}

// Sources run unbuilt in tests, and there the worker is TypeScript too.
const workerFile = new URL(`./bcrypt-worker${extname(import.meta.url)}`, import.meta.url);

/** Compares bcrypt hashes in one thread of its own, so that a storm of logins delays nothing else. */
export function createBcryptPool(maxWaiting: number, log: Log): BcryptPool {
  const waiting: Job[] = [];
  let worker: Worker | undefined;
  let current: { readonly id: number; readonly job: Job } | undefined;
  let lastId = 0;
  let closed = false;

  function next(): void {
    if (current || closed) return;
    const job = waiting.shift();
    if (!job) {
      // An idle thread keeps no process alive.
      worker?.unref();
      return;
    }
    lastId += 1;
    current = { id: lastId, job };
    worker ??= startWorker();
    worker.ref();
    worker.postMessage({ id: lastId, password: job.password, hash: job.hash });
  }

  function finish(result: boolean | 'busy'): void {
    const job = current?.job;
    current = undefined;
    job?.resolve(result);
    next();
  }

  function startWorker(): Worker {
    const started = new Worker(workerFile);
    started.on('message', ({ id, valid }: { id: number; valid: boolean }) => {
      if (current?.id === id) finish(valid);
    });
    started.on('error', (error) => {
      log.error({ err: error }, 'password thread failed');
      worker = undefined;
      finish('busy');
    });
    return started;
  }

  return {
    compare: (password, hash) =>
      new Promise((resolve) => {
        if (closed || waiting.length >= maxWaiting) {
          resolve('busy');
          return;
        }
        waiting.push({ password, hash, resolve });
        next();
      }),
    async close() {
      closed = true;
      for (const job of waiting.splice(0)) job.resolve('busy');
      current?.job.resolve('busy');
      current = undefined;
      await worker?.terminate();
    },
  };
}

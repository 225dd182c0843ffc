import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  createFairQueue,
  type Clock,
  type FairQueue,
  type Instant,
  type Log,
  type PasswordVerifier,
  type VerifyingTurn,
} from '@rollcall/core';

export interface BcryptPool {
  /**
   * Resolves with whether the password matches. Where too many wait already, the last one of the owner that has
   * most of them is `busy`.
   */
  compare(turn: VerifyingTurn, password: string, hash: string): Promise<boolean | 'busy'>;
  load: NonNullable<PasswordVerifier['load']>;
  close(): Promise<void>;
}

interface Job {
  readonly turn: VerifyingTurn;
  readonly password: string;
  readonly hash: string;
  resolve(result: boolean | 'busy'): void;
}

// Sources run unbuilt in tests, and there the worker is TypeScript too.
const workerFile = new URL(`./bcrypt-worker${extname(import.meta.url)}`, import.meta.url);

/** The mean of late, and something on top: they differ. */
const newShare = 0.2;
const marginFactor = 1.5;

/** Compares bcrypt hashes in one thread of its own, so that a storm of logins delays nothing else. */
export function createBcryptPool(
  maxWaiting: number,
  { clock, log }: { readonly clock: Pick<Clock, 'monotonic'>; readonly log: Log },
): BcryptPool {
  const waiting = { trusted: createFairQueue<Job>(), suspect: createFairQueue<Job>() };
  let wasSuspect = true;
  let meanMs = 0;
  let worker: Worker | undefined;
  let current: { readonly id: number; readonly job: Job; readonly since: Instant } | undefined;
  let lastId = 0;
  let closed = false;

  function next(): void {
    if (current || closed) return;
    const job = takeNext();
    if (!job) {
      // An idle thread keeps no process alive.
      worker?.unref();
      return;
    }
    lastId += 1;
    current = { id: lastId, job, since: clock.monotonic() };
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

  function queueOf({ isSuspect }: VerifyingTurn): FairQueue<Job> {
    return isSuspect ? waiting.suspect : waiting.trusted;
  }

  function takeNext(): Job | undefined {
    wasSuspect = wasSuspect ? waiting.trusted.size === 0 : waiting.suspect.size > 0;
    return (wasSuspect ? waiting.suspect : waiting.trusted).shift();
  }

  function countOf({ owner }: VerifyingTurn): number {
    return waiting.trusted.countOf(owner) + waiting.suspect.countOf(owner);
  }

  /** Those that are suspect give way first. */
  function makeRoomFor(turn: VerifyingTurn): boolean {
    for (const queue of [waiting.suspect, waiting.trusted]) {
      const last = queue.lastOfLongest();
      if (!last) continue;
      const mayTake = turn.isSuspect || !last.turn.isSuspect ? countOf(last.turn) > countOf(turn) + 1 : true;
      if (!mayTake) return false;
      queue.remove(last.turn.owner, last);
      last.resolve('busy');
      return true;
    }
    return false;
  }

  function load(owner: string): { slowMs: number; others: number } {
    let others = 0;
    for (const queue of [waiting.trusted, waiting.suspect])
      others += queue.owners - (queue.countOf(owner) > 0 ? 1 : 0);
    const running = current?.job.turn;
    if (running && running.owner !== owner && countOf(running) === 0) others += 1;
    return { slowMs: meanMs * marginFactor, others };
  }

  function startWorker(): Worker {
    const started = new Worker(workerFile);
    started.on('message', ({ id, valid }: { id: number; valid: boolean }) => {
      if (current?.id !== id) return;
      const tookMs = clock.monotonic() - current.since;
      meanMs = meanMs === 0 ? tookMs : meanMs + newShare * (tookMs - meanMs);
      finish(valid);
    });
    started.on('error', (error) => {
      log.error({ err: error }, 'password thread failed');
      worker = undefined;
      finish('busy');
    });
    return started;
  }

  return {
    compare: (turn, password, hash) =>
      new Promise((resolve) => {
        const isFull = waiting.trusted.size + waiting.suspect.size >= maxWaiting;
        if (closed || (isFull && !makeRoomFor(turn))) {
          resolve('busy');
          return;
        }
        queueOf(turn).push(turn.owner, { turn, password, hash, resolve });
        next();
      }),
    load,
    async close() {
      closed = true;
      for (let job = takeNext(); job; job = takeNext()) job.resolve('busy');
      current?.job.resolve('busy');
      current = undefined;
      await worker?.terminate();
    },
  };
}

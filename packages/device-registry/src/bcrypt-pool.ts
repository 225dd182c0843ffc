import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock, Instant, Log } from '@rollcall/core';
import type { PasswordVerifier, VerifyingTurn } from '@rollcall/core/registry';
import { createWaitingComparisons } from './waiting-comparisons.ts';

export interface BcryptPool {
  /**
   * Resolves with whether the password matches. When too many wait already, the last one of the owner that has
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

/** What the thread does. */
type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'comparing'; readonly id: number; readonly job: Job; readonly since: Instant }
  | { readonly kind: 'closed' };

interface PoolContext {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}

// Sources run unbuilt in tests, and there the worker is TypeScript too.
const workerFile = new URL(`./bcrypt-worker${extname(import.meta.url)}`, import.meta.url);

/** How much the latest comparison counts in the mean. */
const newShare = 0.2;
/** `load` says so much more than the mean: comparisons differ. */
const marginFactor = 1.5;

/** Compares bcrypt hashes in a thread of its own, so that many logins at once delay nothing else. */
export function createBcryptPool(maxWaiting: number, context: PoolContext): BcryptPool {
  return new OneThread(maxWaiting, context);
}

class OneThread implements BcryptPool {
  readonly #maxWaiting: number;
  readonly #clock: PoolContext['clock'];
  readonly #log: Log;
  readonly #waiting = createWaitingComparisons<Job>();
  #state: State = { kind: 'idle' };
  #worker: Worker | undefined;
  #lastId = 0;
  #meanMs = 0;

  constructor(maxWaiting: number, { clock, log }: PoolContext) {
    this.#maxWaiting = maxWaiting;
    this.#clock = clock;
    this.#log = log;
  }

  compare(turn: VerifyingTurn, password: string, hash: string): Promise<boolean | 'busy'> {
    return new Promise((resolve) => {
      if (this.#state.kind === 'closed' || !this.#makeRoomFor(turn)) {
        resolve('busy');
        return;
      }
      this.#waiting.push({ turn, password, hash, resolve });
      this.#startNext();
    });
  }

  load(owner: string): { slowMs: number; others: number } {
    const running = this.#state.kind === 'comparing' ? this.#state.job.turn : undefined;
    const isAnother = running && running.owner !== owner && this.#waiting.countOf(running) === 0;
    return {
      slowMs: this.#meanMs * marginFactor,
      others: this.#waiting.ownersBeside(owner) + (isAnother ? 1 : 0),
    };
  }

  async close(): Promise<void> {
    const before = this.#state;
    this.#state = { kind: 'closed' };
    for (let job = this.#waiting.next(); job; job = this.#waiting.next()) job.resolve('busy');
    if (before.kind === 'comparing') before.job.resolve('busy');
    await this.#worker?.terminate();
  }

  /** Returns whether there is room. */
  #makeRoomFor(turn: VerifyingTurn): boolean {
    if (this.#waiting.size < this.#maxWaiting) return true;
    const loser = this.#waiting.giveWayTo(turn);
    loser?.resolve('busy');
    return loser !== undefined;
  }

  #startNext(): void {
    if (this.#state.kind !== 'idle') return;
    const job = this.#waiting.next();
    if (!job) {
      // An idle thread keeps no process alive.
      this.#worker?.unref();
      return;
    }
    this.#lastId += 1;
    this.#state = { kind: 'comparing', id: this.#lastId, job, since: this.#clock.monotonic() };
    this.#worker ??= this.#startWorker();
    this.#worker.ref();
    this.#worker.postMessage({ id: this.#lastId, password: job.password, hash: job.hash });
  }

  #startWorker(): Worker {
    const worker = new Worker(workerFile);
    worker.on('message', ({ id, valid }: { id: number; valid: boolean }) => {
      if (this.#state.kind !== 'comparing' || this.#state.id !== id) return;
      const tookMs = this.#clock.monotonic() - this.#state.since;
      this.#meanMs = this.#meanMs === 0 ? tookMs : this.#meanMs + newShare * (tookMs - this.#meanMs);
      this.#finish(valid);
    });
    worker.on('error', (error) => {
      this.#log.error({ err: error }, 'password thread failed');
      this.#worker = undefined;
      this.#finish('busy');
    });
    return worker;
  }

  #finish(result: boolean | 'busy'): void {
    if (this.#state.kind !== 'comparing') return;
    const { job } = this.#state;
    this.#state = { kind: 'idle' };
    job.resolve(result);
    this.#startNext();
  }
}

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Instant } from '@rollcall/core';
import type { Clock, Log } from '@rollcall/core/environment';
import type { PasswordVerifier, VerifyingTurn } from '@rollcall/core/registry';
import { createWaitingComparisons } from './waiting-comparisons.ts';

export interface BcryptPool {
  /**
   * Resolves with whether the password matches. When too many wait already, the last comparison of the owner that has
   * most of them is `busy`.
   */
  compare(turn: VerifyingTurn, password: string, hash: string): Promise<boolean | 'busy'>;
  /** Resolves with the hash of a password; `undefined`: too many wait already. */
  hash(turn: VerifyingTurn, password: string, cost: number): Promise<string | undefined>;
  load: NonNullable<PasswordVerifier['load']>;
  close(): Promise<void>;
}

/** What to do with the password: compare it with a hash, or hash it at a cost. */
type Task = { readonly hash: string } | { readonly cost: number };
type Result = boolean | string;

interface Job {
  readonly turn: VerifyingTurn;
  readonly password: string;
  readonly task: Task;
  /** `undefined`: the task was not done. */
  resolve(result: Result | undefined): void;
}

/** The state of the thread. */
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

/** Compares and makes bcrypt hashes in a thread of its own, so that many logins at once delay nothing else. */
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

  async compare(turn: VerifyingTurn, password: string, hash: string): Promise<boolean | 'busy'> {
    const result = await this.#do(turn, password, { hash });
    return typeof result === 'boolean' ? result : 'busy';
  }

  async hash(turn: VerifyingTurn, password: string, cost: number): Promise<string | undefined> {
    const result = await this.#do(turn, password, { cost });
    return typeof result === 'string' ? result : undefined;
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
    for (let job = this.#waiting.next(); job; job = this.#waiting.next()) job.resolve(undefined);
    if (before.kind === 'comparing') before.job.resolve(undefined);
    await this.#worker?.terminate();
  }

  #do(turn: VerifyingTurn, password: string, task: Task): Promise<Result | undefined> {
    return new Promise((resolve) => {
      if (this.#state.kind === 'closed' || !this.#makeRoomFor(turn)) {
        resolve(undefined);
        return;
      }
      this.#waiting.push({ turn, password, task, resolve });
      this.#startNext();
    });
  }

  /** Returns whether there is room. */
  #makeRoomFor(turn: VerifyingTurn): boolean {
    if (this.#waiting.size < this.#maxWaiting) return true;
    const loser = this.#waiting.giveWayTo(turn);
    loser?.resolve(undefined);
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
    this.#worker.postMessage({ id: this.#lastId, password: job.password, ...job.task });
  }

  #startWorker(): Worker {
    const worker = new Worker(workerFile);
    worker.on('message', ({ id, result }: { id: number; result: Result }) => {
      if (this.#state.kind !== 'comparing' || this.#state.id !== id) return;
      const tookMs = this.#clock.monotonic() - this.#state.since;
      this.#meanMs = this.#meanMs === 0 ? tookMs : this.#meanMs + newShare * (tookMs - this.#meanMs);
      this.#finish(result);
    });
    worker.on('error', (error) => {
      this.#log.error({ err: error }, 'password thread failed');
      this.#worker = undefined;
      this.#finish(undefined);
    });
    return worker;
  }

  #finish(result: Result | undefined): void {
    if (this.#state.kind !== 'comparing') return;
    const { job } = this.#state;
    this.#state = { kind: 'idle' };
    job.resolve(result);
    this.#startNext();
  }
}

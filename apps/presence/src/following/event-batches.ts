import { setImmediate as nextTurn } from 'node:timers/promises';
import { later, type Clock, type Log } from '@rollcall/core/environment';
import { isOfEvent } from './is-of-event.ts';

export interface EventBatchesOptions<Event> {
  readonly clock: Clock;
  readonly log: Log;
  readonly maxEvents: number;
  /**
   * Commits all of them, or none. May be called again with events that it committed. If it fails and they are not the cause, they are
   * tried again until it succeeds.
   */
  apply(events: readonly Event[]): Promise<void>;
  /** Called when the database takes no events, and when it takes them again. */
  storing?(isStoring: boolean): void;
  /** Called after a commit. */
  committed?(events: readonly Event[]): void;
}

interface Entry<Event> {
  readonly event: Event;
  settle(): void;
  fail(error: unknown): void;
}

/**
 *     idle ── an event came ──▶ writing ── committed, more came meanwhile ──▶ writing
 *     writing ── the database is unavailable ──▶ pausing ── the pause is over ──▶ writing
 *     any phase ── stop ──▶ stopped
 */
type Phase = 'idle' | 'writing' | 'pausing' | 'stopped';

const firstPauseMs = 250;
const maxPauseMs = 10_000;
/** How often to try to store a single event: the error may have another cause than the event. */
const maxTries = 3;

/**
 * Writes events to the database. Events that come while others are written are written together. None is confirmed before its
 * commit. The credit of the consumer decides how many may wait.
 */
export class EventBatches<Event> {
  readonly #options: EventBatchesOptions<Event>;
  readonly #waiting: Entry<Event>[] = [];
  readonly #drains: (() => void)[] = [];
  #phase: Phase = 'idle';
  #pauseMs = firstPauseMs;
  #endPause = (): void => {};
  #writing = 0;
  #leftOut = 0;

  constructor(options: EventBatchesOptions<Event>) {
    this.#options = options;
  }

  /** Events that were not committed yet. */
  get pending(): number {
    return this.#waiting.length + this.#writing;
  }

  /** Events that could not be stored, and were left out. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Whether the database was unavailable at the latest try. */
  get isPausing(): boolean {
    return this.#phase === 'pausing';
  }

  /** Resolves once the event is committed; rejects if `stop` is called before. */
  add(event: Event): Promise<void> {
    if (this.#phase === 'stopped') return Promise.reject(new Error('the service stops'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event, settle: resolve, fail: reject });
      if (this.#phase !== 'idle') return;
      this.#phase = 'writing';
      // What comes in the same turn of the event loop is written together.
      setImmediate(() => void this.#write());
    });
  }

  /** Confirms an event that no database can keep. */
  leaveOut(event: Event, why: string): void {
    this.#leaveOut([{ event, settle() {}, fail() {} }], new Error(why));
  }

  /** Resolves once no event waits. */
  async drained(): Promise<void> {
    if (this.pending === 0) return;
    await new Promise<void>((resolve) => this.#drains.push(resolve));
  }

  /** Starts no further batch. Waiting events are rejected; the batch that is being written is still committed. */
  stop(): void {
    this.#phase = 'stopped';
    this.#endPause();
    for (const { fail } of this.#waiting.splice(0)) fail(new Error('the service stops'));
    if (this.pending === 0) this.#resolveDrains();
  }

  async #write(): Promise<void> {
    while (this.#phase !== 'stopped' && this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#options.maxEvents);
      this.#writing = batch.length;
      await this.#commit(batch);
      this.#writing = 0;
      // A database in this process blocks the event loop: requests and new events get a turn between two batches.
      await nextTurn();
    }
    if (this.#phase !== 'stopped') this.#phase = 'idle';
    this.#resolveDrains();
  }

  /** Resolves once all of them are committed, or left out. */
  async #commit(batch: readonly Entry<Event>[]): Promise<void> {
    for (let tries = 1; this.#phase !== 'stopped'; tries += 1)
      try {
        await this.#options.apply(batch.map(({ event }) => event));
        this.#endOutage();
        this.#options.committed?.(batch.map(({ event }) => event));
        for (const { settle } of batch) settle();
        return;
      } catch (error) {
        if (!isOfEvent(error)) await this.#pause(error);
        else if (batch.length > 1) {
          // One of them may be the cause: the others do not wait for it.
          const half = Math.ceil(batch.length / 2);
          await this.#commit(batch.slice(0, half));
          await this.#commit(batch.slice(half));
          return;
        } else if (tries >= maxTries) {
          this.#leaveOut(batch, error);
          return;
        }
      }
    for (const { fail } of batch) fail(new Error('the service stops'));
  }

  #leaveOut(batch: readonly Entry<Event>[], error: unknown): void {
    this.#leftOut += batch.length;
    this.#options.log.error({ err: error }, 'an event cannot be stored, and is left out');
    for (const { settle } of batch) settle();
  }

  async #pause(error: unknown): Promise<void> {
    const { clock, log } = this.#options;
    if (this.#pauseMs === firstPauseMs) {
      log.warn(
        { cause: error instanceof Error ? error.message : String(error) },
        'the database of the presence service cannot be reached, or takes no events: they wait',
      );
      this.#options.storing?.(false);
    }
    this.#phase = 'pausing';
    await new Promise<void>((resolve) => {
      const disarm = clock.at(later(clock.monotonic(), this.#pauseMs), resolve);
      this.#endPause = () => {
        disarm();
        resolve();
      };
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, maxPauseMs);
    if (this.#phase === 'pausing') this.#phase = 'writing';
  }

  #endOutage(): void {
    if (this.#pauseMs > firstPauseMs) {
      this.#options.log.info({}, 'the database of the presence service takes events again');
      this.#options.storing?.(true);
    }
    this.#pauseMs = firstPauseMs;
  }

  #resolveDrains(): void {
    for (const resolve of this.#drains.splice(0)) resolve();
  }
}

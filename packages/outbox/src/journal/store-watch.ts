import type { Instant } from '@rollcall/core';
import { later, type Clock, type Log } from '@rollcall/core/environment';
import type { JournalStore, StoreCondition } from './store/stored.ts';

/** How often the store is checked. */
const checkEveryMs = 1_000;
const longestPauseMs = 4_000;
/** If mending fails and takes long, it is tried less often: after a pause of this many times its duration. */
const pausesPerCheck = 10;
/** A store that does not answer for this long counts as troubled. */
const silentAfterMs = 4_000;
/** How long the journal counts as unhealthy after a new one was begun: probes look only now and then. */
const toldForMs = 10_000;

export interface StoreWatchOptions {
  readonly store: Pick<JournalStore, 'check'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Restores what is known in memory. Returns the number of events that are lost. */
  refill(): number;
}

type Begun = Extract<StoreCondition, { readonly state: 'begun-anew' }>;

/** Checks a store: notices a file that was removed, replaced or cannot be written, even when nothing has to be stored. */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  #problem: string | undefined;
  #checkingSince: Instant | undefined;
  #toldUntil: Instant | undefined;
  #begunAnew = 0;
  #pauseMs = checkEveryMs;
  #stopped = false;
  #looking: Promise<StoreCondition['state']> | undefined;
  #disarm: (() => void) | undefined;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
    if (options.store.check) this.#checkLater(checkEveryMs);
  }

  /** Whether the store would not outlive the process, or was replaced by a new one a moment ago. */
  get isTroubled(): boolean {
    const now = this.#options.clock.monotonic();
    const isSilent = this.#checkingSince !== undefined && now - this.#checkingSince > silentAfterMs;
    const isToldNow = this.#toldUntil !== undefined && now < this.#toldUntil;
    return this.#problem !== undefined || isSilent || isToldNow;
  }

  /** How often a new store was begun. */
  get begunAnew(): number {
    return this.#begunAnew;
  }

  /** Checks the store now, and logs what it finds. */
  look(): Promise<StoreCondition['state']> {
    return (this.#looking ??= this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#disarm?.();
  }

  async #look(): Promise<StoreCondition['state']> {
    const { store, clock } = this.#options;
    this.#checkingSince = clock.monotonic();
    const condition = await (store.check?.() ?? whole).catch(unanswered);
    this.#checkingSince = this.#looking = undefined;
    if (!this.#stopped) this.#tell(condition);
    return condition.state;
  }

  #tell(condition: StoreCondition): void {
    const before = this.#problem;
    this.#problem = condition.state === 'away' ? condition.problem : undefined;
    const { log, refill } = this.#options;
    switch (condition.state) {
      case 'away':
        if (before !== condition.problem)
          log.error(
            { cause: condition.problem },
            'journal cannot be kept: what happens now may not outlive the process; it is tried again',
          );
        return;
      case 'whole':
        if (before !== undefined) log.info({}, 'journal can be kept again');
        return;
      case 'doubtful':
        refill();
        log.warn(
          { cause: condition.problem },
          'journal was written to by others and is consistent: what is in memory is written to it again',
        );
        return;
      case 'begun-anew':
        this.#tellBegun(condition);
        return;
      default:
        condition satisfies never;
    }
  }

  #tellBegun({ from, problem: cause, setAside }: Begun): void {
    const { clock, log, refill } = this.#options;
    this.#begunAnew += 1;
    this.#toldUntil = later(clock.monotonic(), toldForMs);
    const facts = { cause, ...(setAside !== undefined && { setAside }) };
    if (from === 'all') log.error(facts, 'a new journal was begun, with all that the old one had');
    else log.error({ ...facts, lost: refill() }, 'a new journal was begun, with what is in memory');
  }

  async #check(): Promise<void> {
    const { clock } = this.#options;
    const begunAt = clock.monotonic();
    const state = await this.look();
    if (this.#stopped) return;
    // If this happens again and again, as on a file system that gives files new numbers, the store must not be copied all the time.
    this.#pauseMs = state === 'begun-anew' ? Math.min(this.#pauseMs * 2, longestPauseMs) : checkEveryMs;
    const tookMs = clock.monotonic() - begunAt;
    this.#checkLater(Math.max(this.#pauseMs, state === 'away' ? tookMs * pausesPerCheck : 0));
  }

  #checkLater(afterMs: number): void {
    const { clock } = this.#options;
    this.#disarm = clock.at(later(clock.monotonic(), afterMs), () => void this.#check());
  }
}

const whole: Promise<StoreCondition> = Promise.resolve({ state: 'whole' });

function unanswered(error: unknown): StoreCondition {
  return { state: 'away', problem: error instanceof Error ? error.message : String(error) };
}

import { later, type Clock, type Instant, type Log } from '@rollcall/core';
import type { JournalStore, StoreCondition } from './store/stored.ts';

/** How often the store is looked at. */
const checkEveryMs = 1_000;
const longestPauseMs = 4_000;
/** Where mending it fails, and takes long, it is tried less often. */
const pausesPerCheck = 10;
/** A store that says nothing for so long is in trouble. */
const silentAfterMs = 4_000;
/** For so long it is told that a new one was begun: those who probe look now and then. */
const toldForMs = 10_000;

/** Looks after a store: what is removed, replaced or cannot be written any more is noticed also where nothing is to be stored. */
export interface StoreWatch {
  /** Whether it would not outlive the process, or was begun anew a moment ago. */
  readonly isTroubled: boolean;
  /** How often it was begun anew. */
  readonly begunAnew: number;
  /** Looks at it now, and tells what it finds. */
  look(): Promise<StoreCondition['state']>;
  stop(): void;
}

export interface StoreWatchOptions {
  readonly store: Pick<JournalStore, 'check'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Puts back what is known in memory; answers with the number of events that are lost. */
  refill(): number;
}

export function watchStore({ store, clock, log, refill }: StoreWatchOptions): StoreWatch {
  let problem: string | undefined;
  let checkingSince: Instant | undefined;
  let toldUntil: Instant | undefined;
  let begunAnew = 0;
  let pauseMs = checkEveryMs;
  let stopped = false;
  let looking: Promise<StoreCondition['state']> | undefined;
  let disarm = (): void => {};

  function tell(condition: StoreCondition): void {
    if (condition.state === 'away') {
      if (problem !== condition.problem)
        log.error(
          { cause: condition.problem },
          'journal cannot be kept: what happens now may not outlive the process; it is tried again',
        );
      problem = condition.problem;
      return;
    }
    if (condition.state === 'whole') {
      if (problem !== undefined) log.info({}, 'journal can be kept again');
      problem = undefined;
      return;
    }
    problem = undefined;
    if (condition.state === 'doubtful') {
      refill();
      log.warn(
        { cause: condition.problem },
        'journal fits together still: what is in memory is written to it again',
      );
      return;
    }
    begunAnew += 1;
    toldUntil = later(clock.monotonic(), toldForMs);
    const { from, problem: cause, setAside } = condition;
    const facts = { cause, ...(setAside !== undefined && { setAside }) };
    if (from === 'all') log.error(facts, 'journal was begun anew, with all that it had');
    else log.error({ ...facts, lost: refill() }, 'journal was begun anew, with what is in memory');
  }

  async function look(): Promise<StoreCondition['state']> {
    checkingSince = clock.monotonic();
    const condition = await (store.check?.() ?? whole).catch(unanswered);
    checkingSince = looking = undefined;
    if (!stopped) tell(condition);
    return condition.state;
  }

  function lookOnce(): Promise<StoreCondition['state']> {
    return (looking ??= look());
  }

  async function check(): Promise<void> {
    const begunAt = clock.monotonic();
    const state = await lookOnce();
    if (stopped) return;
    // Where it happens again and again, as on a file system that gives files new numbers, it is not copied all the time.
    pauseMs = state === 'begun-anew' ? Math.min(pauseMs * 2, longestPauseMs) : checkEveryMs;
    const tookMs = clock.monotonic() - begunAt;
    checkLater(Math.max(pauseMs, state === 'away' ? tookMs * pausesPerCheck : 0));
  }

  function checkLater(afterMs: number): void {
    disarm = clock.at(later(clock.monotonic(), afterMs), () => void check());
  }

  if (store.check) checkLater(checkEveryMs);
  return {
    get isTroubled() {
      const now = clock.monotonic();
      const isSilent = checkingSince !== undefined && now - checkingSince > silentAfterMs;
      return problem !== undefined || isSilent || (toldUntil !== undefined && now < toldUntil);
    },
    get begunAnew() {
      return begunAnew;
    },
    look: lookOnce,
    stop() {
      stopped = true;
      disarm();
    },
  };
}

const whole: Promise<StoreCondition> = Promise.resolve({ state: 'whole' });

function unanswered(error: unknown): StoreCondition {
  return { state: 'away', problem: error instanceof Error ? error.message : String(error) };
}

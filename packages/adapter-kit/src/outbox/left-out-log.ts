import { later, type Clock, type Log } from '@rollcall/core';

const everyMs = 60_000;

/** Says that connections are left out: at once, then once a minute while it goes on, and once when it is over. */
export interface LeftOutLog {
  leftOut(): void;
  stop(): void;
}

export function createLeftOutLog(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  facts: object,
): LeftOutLog {
  let unsaid = 0;
  let disarm: (() => void) | undefined;

  function say(): void {
    log.warn({ ...facts, leftOut: unsaid }, 'outbox is full: whole connections are left out, and counted');
    unsaid = 0;
    disarm = clock.at(later(clock.monotonic(), everyMs), minuteOver);
  }

  function minuteOver(): void {
    disarm = undefined;
    if (unsaid > 0) say();
    else log.info(facts, 'outbox has left out no connection for a minute');
  }

  return {
    leftOut() {
      unsaid += 1;
      if (!disarm) say();
    },
    stop: () => disarm?.(),
  };
}

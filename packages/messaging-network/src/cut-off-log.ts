import { later, type Clock, type Log } from '@rollcall/core';

const tellEveryMs = 60_000;

/** Tells of peers that broke the protocol: of the first at once, of those that follow once a minute. */
export interface CutOffLog {
  cutOff(peer: string, problem: string): void;
  stop(): void;
}

export function createCutOffLog(clock: Clock, log: Log): CutOffLog {
  let untold = 0;
  let latest = { peer: '', problem: '' };
  let disarm: (() => void) | undefined;

  function wait(): void {
    disarm = clock.at(later(clock.monotonic(), tellEveryMs), () => {
      disarm = undefined;
      if (untold === 0) return;
      log.warn({ peers: untold, latest }, 'peers were cut off');
      untold = 0;
      wait();
    });
  }

  return {
    cutOff(peer, problem) {
      if (disarm) {
        untold += 1;
        latest = { peer, problem };
        return;
      }
      log.warn({ peer, problem }, 'peer was cut off');
      wait();
    },
    stop: () => disarm?.(),
  };
}

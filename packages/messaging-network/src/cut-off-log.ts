import { createMinute } from '@rollcall/containment';
import type { Clock, Log } from '@rollcall/core/environment';

/** Logs peers that broke the protocol: the first one at once, those that follow in one line a minute. */
export interface CutOffLog {
  cutOff(peer: string, problem: string): void;
  stop(): void;
}

export function createCutOffLog(clock: Clock, log: Log): CutOffLog {
  let unlogged = 0;
  let latest = { peer: '', problem: '' };
  const minute = createMinute(clock, () => {
    if (unlogged === 0) return;
    log.warn({ peers: unlogged, latest }, 'peers were cut off');
    unlogged = 0;
    minute.begin();
  });

  return {
    cutOff(peer, problem) {
      if (minute.begin()) {
        log.warn({ peer, problem }, 'peer was cut off');
        return;
      }
      unlogged += 1;
      latest = { peer, problem };
    },
    stop: () => minute.stop(),
  };
}

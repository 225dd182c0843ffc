import { createMinute } from '@rollcall/containment';
import type { Clock, Log } from '@rollcall/core/environment';
import { addressBlocks } from '@rollcall/core/sharing';
import type { AdapterObserver } from '../observer/adapter-observer.ts';
import type { TurnedAwayCause } from '../turned-away-cause.ts';

/** Counts peers that were turned away, and logs once a minute how many, and from where. */
export interface TurnedAway {
  count(cause: TurnedAwayCause, remoteIp: string): void;
  stop(): void;
}

/** Blocks that a line names, and blocks that are told apart in a minute. */
const namedBlocks = 5;
const maxBlocks = 1_000;

export function createTurnedAway(
  clock: Clock,
  log: Log,
  observer: Pick<AdapterObserver, 'turnedAway'>,
): TurnedAway {
  let causes: Partial<Record<TurnedAwayCause, number>> = {};
  let blocks = new Map<string, number>();
  const minute = createMinute(clock, tell);

  function tell(): void {
    const from = [...blocks].toSorted(([, one], [, other]) => other - one).slice(0, namedBlocks);
    log.warn(
      { turnedAway: causes, from: Object.fromEntries(from) },
      'network connections were closed for want of room',
    );
    causes = {};
    blocks = new Map();
  }

  return {
    count(cause, remoteIp) {
      observer.turnedAway(cause, remoteIp);
      causes[cause] = (causes[cause] ?? 0) + 1;
      const { near } = addressBlocks(remoteIp);
      if (blocks.has(near) || blocks.size < maxBlocks) blocks.set(near, (blocks.get(near) ?? 0) + 1);
      minute.begin();
    },
    stop() {
      minute.stop();
      if (blocks.size > 0) tell();
    },
  };
}

import { addressBlocks, later, type Clock, type Log } from '@rollcall/core';
import type { AdapterObserver } from '../observer/adapter-observer.ts';

/**
 * What gave way, or was not let in, for want of room: a network connection that had not logged in (`pending`), a TLS handshake
 * that was not finished (`handshake`), a connection of somebody known that did nothing (`idle`), one to the health server
 * (`health`).
 */
export type TurnedAwayCause = (typeof turnedAwayCauses)[number];

export const turnedAwayCauses = ['pending', 'handshake', 'idle', 'health'] as const;

/** Counts peers that were turned away, and says once a minute how many, and from where. */
export interface TurnedAway {
  count(cause: TurnedAwayCause, remoteIp: string): void;
  stop(): void;
}

const everyMs = 60_000;
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
  let disarm: (() => void) | undefined;

  function tell(): void {
    disarm = undefined;
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
      disarm ??= clock.at(later(clock.monotonic(), everyMs), tell);
    },
    stop() {
      if (!disarm) return;
      disarm();
      tell();
    },
  };
}

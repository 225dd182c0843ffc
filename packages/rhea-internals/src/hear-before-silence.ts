import { later, type Clock } from '@rollcall/core';
import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';

/** What was said while this process stood still is read well within it. */
const listenMs = 1_000;

/**
 * Has rhea listen once more before it gives a peer up for its silence: after a standstill its timer rings before the socket is read,
 * and whatever is under way would be lost.
 */
export function hearBeforeSilence(connection: rhea.Connection, patience: Clock): void {
  const raw = internalsOf(connection);
  const giveUp = raw.idle.bind(raw);
  raw.idle = () => {
    const rang = raw.heartbeat_in;
    patience.at(later(patience.monotonic(), listenMs), () => {
      if (raw.heartbeat_in === rang) giveUp();
    });
  };
}

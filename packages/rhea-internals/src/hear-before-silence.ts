import { later, type Clock } from '@rollcall/core/environment';
import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';

/** Long enough to read what arrived while this process stood still. */
const listenMs = 1_000;

/**
 * Makes rhea wait one more second before it gives a silent peer up. After a standstill of the process its timer rings before the
 * socket is read: without this, the connection and all that is in flight would be lost.
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

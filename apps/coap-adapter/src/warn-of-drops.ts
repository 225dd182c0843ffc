import { later, type Clock, type Log } from '@rollcall/core';
import type { DtlsServer } from '@rollcall/dtls';

const everyMs = 60_000;

/**
 * Says once a minute, at most, that devices were not listened to for want of room: they try again, and nothing else shows it.
 *
 * @returns ends it.
 */
export function warnOfDrops({ counters }: Pick<DtlsServer, 'counters'>, clock: Clock, log: Log): () => void {
  let told = dropped();
  let disarm = wait();

  function dropped(): number {
    return counters.dropped['too-many-handshakes'] + counters.dropped['too-many-associations'];
  }

  function wait(): () => void {
    return clock.at(later(clock.monotonic(), everyMs), () => {
      const now = dropped();
      if (now > told)
        log.warn({ dropped: now - told }, 'too many DTLS handshakes: some devices must try again');
      told = now;
      disarm = wait();
    });
  }

  return () => disarm();
}

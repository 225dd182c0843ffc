import type { Clock } from '@rollcall/core/environment';
import { peerBeingServed, servePeer } from './served-peer.ts';

/** A clock whose timers belong to the peer that was served when they were set: an exception in one ends this peer's connection. */
export function containedClock(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    at(deadline, wake) {
      const peer = peerBeingServed();
      return clock.at(deadline, peer ? () => servePeer(peer, wake) : wake);
    },
  };
}

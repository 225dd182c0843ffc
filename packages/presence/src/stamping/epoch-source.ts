import type { Epoch, Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';

/** How far ahead of elapsed time one step of a clock may take the epoch. */
const maxForwardJumpMs = 60_000;
const counterLimit = 0xffff;

/** Makes epochs: each call gives the next one, greater than all before. */
export interface EpochSource {
  (): Epoch;
  /** The epoch that this clock alone would stamp now. It is not given out, and does not depend on other clocks. */
  own(): Epoch;
  /**
   * Another adapter, whose clock is furthest ahead, would stamp this now: the source follows that clock like its own wall clock. It
   * does so also while it gives out nothing: if that adapter ends, its connections go on here, and must have later epochs.
   */
  follow(epoch: Epoch): void;
  /** A connection with this epoch was displaced: the next epoch is greater in any case. */
  exceed(epoch: Epoch): void;
  /** How far an epoch was behind the wall clock at most, in milliseconds: that clock was set forward. */
  behindMs(): number;
  /** Forgets how far that was until now. */
  forgetBehind(): void;
}

/**
 * A hybrid logical clock (Kulkarni et al. 2014). It follows the wall clock but never goes back, and follows a forward jump by at most
 * a minute more than the time that really passed, so that a wall clock set wrong for a moment does not push all later epochs into
 * the future. The same holds for a clock of others.
 *
 * @param highWater the greatest epoch an earlier incarnation gave out; every new one is greater.
 */
export function createEpochSource(clock: Clock, highWater?: Epoch): EpochSource {
  // Clocks that count fractions of a millisecond are read in whole ones.
  const wall = (): number => Math.floor(clock.now());
  let physicalMs = highWater === undefined ? wall() : millisecondsOf(highWater);
  let counter = highWater === undefined ? 0 : counterOf(highWater);
  let readAt = clock.monotonic();
  // The wall clock is trusted at the start: nothing else is known about the time since the last incarnation.
  let allowedMs = Math.max(wall(), physicalMs);
  let behindMs = 0;
  /** The greatest value of the own wall clock so far. */
  let ownMs = physicalMs;
  let others: { readonly ms: number; readonly at: Instant } | undefined;

  /** How far the epoch may be by now. */
  function mostMs(): number {
    const now = clock.monotonic();
    allowedMs += Math.max(0, now - readAt);
    readAt = now;
    return Math.floor(allowedMs) + maxForwardJumpMs;
  }

  function advanceTo(ms: number): void {
    physicalMs = ms;
    counter = 0;
    allowedMs = Math.max(allowedMs, ms);
  }

  function next(): Epoch {
    const most = mostMs();
    const wallMs = wall();
    ownMs = Math.max(ownMs, Math.min(wallMs, most));
    const othersMs = others === undefined ? wallMs : Math.floor(others.ms + readAt - others.at);
    const clockMs = Math.min(Math.max(wallMs, othersMs), most);
    if (clockMs > physicalMs) advanceTo(clockMs);
    else if (counter < counterLimit) counter += 1;
    else advanceTo(physicalMs + 1);
    behindMs = Math.max(behindMs, wallMs - physicalMs);
    return epochOf(physicalMs, counter);
  }

  return Object.assign(next, {
    own: () => epochOf(Math.max(ownMs, Math.min(wall(), mostMs())), 0),
    follow(epoch: Epoch) {
      const ms = millisecondsOf(epoch);
      others = { ms, at: clock.monotonic() };
      const most = mostMs();
      // The own wall clock may be wrong for a moment: it counts when an epoch is given out.
      if (ms > wall() && Math.min(ms, most) > physicalMs) advanceTo(Math.min(ms, most));
    },
    exceed(epoch: Epoch) {
      if (epoch <= epochOf(physicalMs, counter)) return;
      physicalMs = millisecondsOf(epoch);
      counter = counterOf(epoch);
      allowedMs = Math.max(allowedMs, physicalMs);
    },
    behindMs: () => behindMs,
    forgetBehind() {
      behindMs = 0;
    },
  });
}

/** Milliseconds since the Unix epoch, by the clock that made it. */
export function millisecondsOf(epoch: Epoch): number {
  return Number.parseInt(epoch.slice(0, 12), 16);
}

function counterOf(epoch: Epoch): number {
  return Number.parseInt(epoch.slice(12), 16);
}

function epochOf(ms: number, counter: number): Epoch {
  return (ms.toString(16).padStart(12, '0') + counter.toString(16).padStart(4, '0')) as Epoch;
}

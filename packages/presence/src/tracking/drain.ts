import type { Instant } from '@rollcall/core';
import { later, type Clock, type Random } from '@rollcall/core/environment';

/** A session to end before the adapter stops. */
export interface Drainable {
  /** Whether it is still open: its device may have left by itself. */
  isOpen(): boolean;
  end(): void;
}

export interface DrainOptions {
  readonly sessions: readonly Drainable[];
  readonly perSecond: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts when the time is up: sessions that are open then stay open. */
  readonly signal: AbortSignal;
}

/** The shortest time between ticks: with many a second, some sessions end together. */
const leastTickMs = 20;

/**
 * Ends sessions one after the other, in random order, so that their devices come back to the other adapters one after the other.
 * Devices that leave by themselves are not counted.
 *
 * @returns how many were ended.
 */
export async function drain({ sessions, perSecond, clock, random, signal }: DrainOptions): Promise<number> {
  const left = [...sessions];
  const begun = clock.monotonic();
  const tickMs = Math.max(leastTickMs, 1_000 / perSecond);
  let ended = 0;

  function endDue(): void {
    const due = Math.floor(((clock.monotonic() - begun) * perSecond) / 1_000);
    while (ended < due) {
      const next = takeAny(left, random);
      if (!next) return;
      if (!next.isOpen()) continue;
      next.end();
      ended += 1;
    }
  }

  for (let ticks = 1; left.length > 0 && !signal.aborted; ticks++) {
    await until(later(begun, Math.ceil(ticks * tickMs)), clock, signal);
    if (!signal.aborted) endDue();
  }
  return ended;
}

function takeAny<Item>(items: Item[], random: Random): Item | undefined {
  const index = Math.floor(random.next() * items.length);
  const taken = items[index];
  const last = items.pop();
  if (last !== undefined && index < items.length) items[index] = last;
  return taken;
}

function until(instant: Instant, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      disarm();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const disarm = clock.at(instant, done);
    signal.addEventListener('abort', done, { once: true });
  });
}

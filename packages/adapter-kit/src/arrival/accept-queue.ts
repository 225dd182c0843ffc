import type { Duplex } from 'node:stream';
import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { Arrival } from '@rollcall/presence/leases';

/** Since when connections may have waited until they were accepted, while their first bytes are not read. */
const waitedSince = new WeakMap<Duplex, Instant>();

/**
 * When what is read now can have arrived at the earliest. The first bytes of a connection, and even its end, may have waited with it in
 * the queue of the operating system until it was accepted. How late the event loop was is not part of it.
 */
export function arrivedAt(stream: Duplex, clock: Pick<Clock, 'monotonic'>): Instant {
  return waitedSince.get(stream) ?? clock.monotonic();
}

/** The same with the time at which it is read, for the signals of a lease. Call it when the bytes are read, not when they are handled. */
export function arrivalOn(stream: Duplex, clock: Pick<Clock, 'monotonic'>): Arrival {
  return { heardAt: arrivedAt(stream, clock), readAt: clock.monotonic() };
}

/**
 * Keeps how long a connection waited, for bytes that are read, and put back for the one who serves it.
 *
 * @returns a function that restores it, to be called once, just before the connection is served.
 */
export function keepWait(stream: Duplex): () => void {
  const since = waitedSince.get(stream);
  return () => {
    if (since === undefined) return;
    waitedSince.set(stream, since);
    // Some libraries read what was put back only when the current callback has ended.
    setImmediate(() => waitedSince.delete(stream));
  };
}

/**
 * Watches the queue of one port. One connection is accepted in each turn of the event loop, so when many come together, the last ones
 * wait for many turns, none of which has to be a long one.
 */
export class AcceptQueue {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The queue was empty until then; absent: it is empty. */
  #filledSince: Instant | undefined;
  #latest: Duplex | undefined;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** To be called when a connection is accepted, before anything of it is read. */
  accepted(stream: Duplex): void {
    this.#filledSince ??= this.#clock.monotonic();
    this.#latest = stream;
    waitedSince.set(stream, this.#filledSince);
    // What had arrived before is read in the next turn, as the next connection of the queue is accepted then.
    setImmediate(() => setImmediate(() => this.#nextTurnIsOver(stream)));
  }

  #nextTurnIsOver(stream: Duplex): void {
    waitedSince.delete(stream);
    if (this.#latest !== stream) return;
    this.#latest = undefined;
    this.#filledSince = undefined;
  }
}

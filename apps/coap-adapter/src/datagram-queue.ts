import type { Instant } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import type { Arrival } from '@rollcall/presence/leases';

/** Node.js (libuv) reads no more datagrams of a socket in one turn of the event loop. */
const mostPerTurn = 32;
/** What fits into the buffer of a socket is read in no more turns: 4 MB, of which the smallest datagram takes 768 bytes. */
const mostTurns = 170;

/**
 * Knows how long datagrams may have waited in the buffer of a socket. When many have come together, as while the process stood still, the
 * last ones are read many turns later, none of which has to be a long one.
 */
export class DatagramQueue {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** When the latest turns ended without a look at an empty buffer. */
  readonly #fullTurns: Instant[] = [];
  #read = 0;
  #readAt: Instant | undefined;
  #isCounting = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** To be called for each datagram, before anything is done with it. */
  read(): void {
    this.#readAt = this.#clock.monotonic();
    this.#read += 1;
    if (this.#isCounting) return;
    this.#isCounting = true;
    this.#countTurn();
  }

  /** When what is read now can have arrived. How late the event loop was is not part of it. */
  arrival(): Arrival {
    const readAt = this.#clock.monotonic();
    return { heardAt: this.#fullTurns[0] ?? readAt, readAt };
  }

  #countTurn(): void {
    setImmediate(() => this.#turnIsOver());
  }

  #turnIsOver(): void {
    if (this.#read < mostPerTurn || this.#readAt === undefined) {
      this.#fullTurns.length = 0;
      this.#isCounting = false;
    } else {
      if (this.#fullTurns.push(this.#readAt) > mostTurns) this.#fullTurns.shift();
      // The next turn may read nothing: then the buffer was empty.
      this.#countTurn();
    }
    this.#read = 0;
  }
}

import type { CoapClock } from '../endpoint/coap-clock.ts';

export interface LossyLinkOptions {
  readonly clock: CoapClock;
  /** In [0, 1). */
  readonly random: { next(): number };
  /** Shares of datagrams, 0 to 1. */
  readonly lost: number;
  readonly doubled: number;
  /** The longest delay; each datagram takes its own time, so that some overtake others. */
  readonly maxDelayMs: number;
}

/** A network that loses, doubles and reorders datagrams. */
export interface LossyLink {
  carry(datagram: Uint8Array, deliver: (datagram: Uint8Array) => void): void;
}

export function createLossyLink({ clock, random, lost, doubled, maxDelayMs }: LossyLinkOptions): LossyLink {
  return {
    carry(datagram, deliver) {
      const copies = random.next() < doubled ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        if (random.next() < lost) continue;
        const bytes = Uint8Array.from(datagram);
        clock.at(clock.monotonic() + random.next() * maxDelayMs, () => deliver(bytes));
      }
    },
  };
}

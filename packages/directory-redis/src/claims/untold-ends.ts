import type { HeldConnection } from '../state/held-connection.ts';
import type { Claims } from './claims.ts';

/** Beyond it, who holds such a lease elsewhere finds out later, from the events. */
const mostEnds = 10_000;

/**
 * Leases that were ended while the engine was away: whoever holds one by now must be told, also by an incarnation that followed
 * one that was declared dead meanwhile.
 */
export class UntoldEnds {
  /** By which incarnation each was held. */
  readonly #ends = new Map<HeldConnection, string>();

  /** @param incarnation that held it, as a short id: should it be declared dead, it owes the ending no more. */
  add(held: HeldConnection, incarnation: string): void {
    if (this.#ends.size < mostEnds) this.#ends.set(held, incarnation);
  }

  /** Some at a time. */
  async tell(claims: Pick<Claims, 'releaseRecord'>): Promise<void> {
    for (const [held, of] of this.#ends) {
      const { deviceName: device, field, bucket, moved, shortId } = held;
      const kind = moved ? 'moved' : 'lease';
      if (!(await claims.releaseRecord(shortId, { device, field, bucket, kind, of }))) return;
      this.#ends.delete(held);
    }
  }
}

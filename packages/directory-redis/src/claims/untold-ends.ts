import type { HeldConnection } from '../state/held-connection.ts';
import type { Claims } from './claims.ts';

/** Beyond it, who holds such a lease elsewhere finds out later, from the events. */
const mostEnds = 10_000;

/**
 * Leases that were ended while the engine was away: whoever holds one by now must be told, also by an incarnation that followed
 * one that was declared dead meanwhile.
 */
export class UntoldEnds {
  readonly #ends = new Set<HeldConnection>();

  add(held: HeldConnection): void {
    if (this.#ends.size < mostEnds) this.#ends.add(held);
  }

  /** Some at a time. */
  async tell(claims: Pick<Claims, 'releaseRecord'>): Promise<void> {
    for (const held of this.#ends) {
      const { deviceName: device, field, bucket, moved, shortId } = held;
      if (!(await claims.releaseRecord(shortId, { device, field, bucket, kind: moved ? 'moved' : 'lease' })))
        return;
      this.#ends.delete(held);
    }
  }
}

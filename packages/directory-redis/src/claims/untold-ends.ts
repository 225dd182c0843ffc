import type { HeldConnection } from '../state/held-connection.ts';
import type { Claims } from './claims.ts';

/** Beyond it, an instance that holds such a lease learns of its end later, from the events. */
const mostEnds = 10_000;

/**
 * Leases that were ended while the engine was away: the instance that holds one by now must learn of it. That holds also if the
 * incarnation that ended the lease was declared dead meanwhile, and another one followed.
 */
export class UntoldEnds {
  /** The incarnation that held each lease. */
  readonly #ends = new Map<HeldConnection, string>();

  /** @param incarnation that held it, as a short id: if it is declared dead, it does not owe the ending any more. */
  add(held: HeldConnection, incarnation: string): void {
    if (this.#ends.size < mostEnds) this.#ends.set(held, incarnation);
  }

  /** Reports the ends to the engine, some at a time. */
  async tell(claims: Pick<Claims, 'releaseRecord'>): Promise<void> {
    for (const [held, of] of this.#ends) {
      const { deviceName: device, field, bucket, moved, shortId } = held;
      const kind = moved ? 'moved' : 'lease';
      if (!(await claims.releaseRecord(shortId, { device, field, bucket, kind, of, ended: held }))) return;
      this.#ends.delete(held);
    }
  }
}

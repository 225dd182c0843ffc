import { abandon } from '../scripts/abandon.ts';
import { layDown } from '../scripts/lay-down.ts';
import type { Shared } from '../shared.ts';
import { identityText } from '../wire/identity.ts';

/** A lease that came to this incarnation after the device that wanted it had stopped waiting. */
export interface Stray {
  readonly connection: string;
  readonly deviceName: string;
  readonly field: string;
  readonly bucket: number;
}

/** Strays beyond it end only when this instance ends. */
const mostStrays = 10_000;

/** Leases that this incarnation holds in the engine alone: they are moved under a name that is dead, so an undertaker ends them. */
export class Strays {
  readonly #shared: Shared;
  /** By connection. */
  readonly #strays = new Map<string, Stray>();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  get size(): number {
    return this.#strays.size;
  }

  /** Whether a connection, by its short id, is a stray: it must not be taken out. */
  has(connection: string): boolean {
    return this.#strays.has(connection);
  }

  add(stray: Stray): void {
    if (this.#strays.size < mostStrays) this.#strays.set(stray.connection, stray);
  }

  /** A device goes on with it here. */
  remove(connection: string): void {
    this.#strays.delete(connection);
  }

  clear(): void {
    this.#strays.clear();
  }

  /** Moves the strays under such a name. To be called once a second, and before this incarnation leaves the fleet. */
  async layDown(): Promise<void> {
    const { asker, keys, self, context } = this.#shared;
    if (this.#strays.size === 0 || !asker.inTouch) return;
    const name = Buffer.from(context.random.bytes(16)).toString('base64url');
    const epoch = context.facts.unconfirmedSince() ?? context.facts.epoch();
    const begun = await asker.ask(
      abandon,
      [keys.deaths, keys.instances],
      [name, epoch, identityText(self.identity)],
    );
    if (begun.status !== 'answer') return;
    for (const [connection, { deviceName, field, bucket }] of this.#strays) {
      const owedBy = keys.owedBy(bucket);
      const reply = await asker.ask(
        layDown,
        [
          keys.devices(bucket) + deviceName,
          owedBy + self.short,
          owedBy + name,
          keys.fenced(bucket),
          keys.heard(bucket),
        ],
        [field, self.short, connection, name, keys.channels],
      );
      // The name was buried already: the next time uses another one.
      if (reply.status === 'none' || (reply.status === 'answer' && reply.value === 2)) return;
      this.#strays.delete(connection);
    }
  }
}

import { abandon } from '../scripts/abandon.ts';
import { takeLease } from '../scripts/take-lease.ts';
import type { Shared } from '../shared.ts';
import type { KeyNames } from '../wire/key-names.ts';
import { identityText } from '../wire/identity.ts';

/** A lease that came to this incarnation after the device that wanted it had stopped waiting. */
export interface Stray {
  readonly connection: string;
  readonly deviceName: string;
  readonly field: string;
  readonly bucket: number;
}

/** Strays beyond it end only when this instance ends. */
const mostStrays = 1_000;

/** Leases that this incarnation holds in the engine alone: they are moved under a name that is dead, so an undertaker ends them. */
export class Strays {
  readonly #shared: Shared;
  #strays: Stray[] = [];

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** Whether a connection, by its short id, is a stray: it must not be taken out. */
  has(connection: string): boolean {
    return this.#strays.some((stray) => stray.connection === connection);
  }

  add(stray: Stray): void {
    if (this.#strays.length < mostStrays) this.#strays.push(stray);
  }

  clear(): void {
    this.#strays = [];
  }

  /** Moves the strays under such a name. To be called once a second. */
  async layDown(): Promise<void> {
    const { asker, keys, self, context } = this.#shared;
    if (this.#strays.length === 0 || !asker.inTouch) return;
    const nobody = Buffer.from(context.random.bytes(16)).toString('base64url');
    const epoch = context.facts.unconfirmedSince() ?? context.facts.epoch();
    const begun = await asker.ask(
      abandon,
      [keys.deaths, keys.instances],
      [nobody, epoch, identityText(self.identity)],
    );
    if (begun.status !== 'answer') return;
    for (const stray of [...this.#strays]) {
      const reply = await asker.ask(takeLease, ...takingOf(stray, self.short, nobody, keys));
      const code: unknown =
        reply.status === 'answer' && Array.isArray(reply.value) ? reply.value[0] : undefined;
      // The name was buried already: the next time uses another one.
      if (code === 2 || reply.status === 'none') return;
      this.#strays = this.#strays.filter((each) => each !== stray);
    }
  }
}

/** What {@link takeLease} is called with: keys, then arguments. Both incarnations are named by their short ids. */
export function takingOf(
  { connection, deviceName, field, bucket }: Stray,
  from: string,
  to: string,
  keys: KeyNames,
): [keys: readonly string[], args: readonly string[]] {
  const owedBy = keys.owedBy(bucket);
  return [
    [keys.devices(bucket) + deviceName, owedBy + to, keys.fenced(bucket), keys.heard(bucket)],
    [field, to, connection, from, keys.channels, owedBy],
  ];
}

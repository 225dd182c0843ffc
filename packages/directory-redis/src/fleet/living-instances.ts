import type { Instant } from '@rollcall/core';
import type { Shared } from '../shared.ts';

/** How old the answer may be. */
const freshForMs = 1_000;

/** Which incarnations give signs of life. */
export class LivingInstances {
  readonly #shared: Shared;
  #known: { readonly at: Instant; readonly instances: Promise<ReadonlySet<string> | undefined> } | undefined;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** Their short ids; `undefined`: the engine did not answer. */
  async get(): Promise<ReadonlySet<string> | undefined> {
    const { clock } = this.#shared.context;
    if (!this.#known || clock.monotonic() - this.#known.at > freshForMs)
      this.#known = { at: clock.monotonic(), instances: this.#ask() };
    const instances = await this.#known.instances;
    if (!instances) this.#known = undefined;
    return instances;
  }

  async #ask(): Promise<ReadonlySet<string> | undefined> {
    const { asker, keys } = this.#shared;
    const reply = await asker.look('HKEYS', keys.leases);
    if (reply.status !== 'answer' || !Array.isArray(reply.value)) return undefined;
    return new Set(reply.value.filter((each) => typeof each === 'string'));
  }
}

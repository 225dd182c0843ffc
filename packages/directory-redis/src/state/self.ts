import type { AdapterIdentity } from '@rollcall/core/events';
import type { KeyNames } from '../wire/key-names.ts';
import { shortId } from '../wire/short-id.ts';

/** The incarnation that this instance is at the moment. */
export class Self {
  readonly #keys: KeyNames;
  #identity: AdapterIdentity;
  #short: string;

  constructor(identity: AdapterIdentity, keys: KeyNames) {
    this.#keys = keys;
    this.#identity = identity;
    this.#short = shortId(identity.instance);
  }

  get identity(): AdapterIdentity {
    return this.#identity;
  }

  get short(): string {
    return this.#short;
  }

  get channel(): string {
    return this.#keys.channels + this.#short;
  }

  becomes(instance: string): void {
    this.#identity = { ...this.#identity, instance };
    this.#short = shortId(instance);
  }
}

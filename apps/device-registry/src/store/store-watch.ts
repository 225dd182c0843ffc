import { every, type Clock } from '@rollcall/core/environment';
import { reasonOf } from '@rollcall/runtime';
import type { RegistryStore } from './registry-store.ts';

const eachMs = 2_000;
/** No tenant has an empty id, so the query needs only an index. */
const nobody = '';

/** Checks every two seconds whether the database answers, with one query at a time. */
export class StoreWatch {
  readonly #store: Pick<RegistryStore, 'tenant'>;
  readonly #stop: () => void;
  readonly #noticed: (cause: string | undefined) => void;
  #isAsking = false;
  #isAway = false;

  /** @param noticed called after each check, with the reason if the database did not answer. */
  constructor(
    store: Pick<RegistryStore, 'tenant'>,
    clock: Clock,
    noticed: (cause: string | undefined) => void = () => {},
  ) {
    this.#store = store;
    this.#noticed = noticed;
    this.#stop = every(clock, eachMs, () => void this.#look());
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  stop(): void {
    this.#stop();
  }

  async #look(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await this.#store.tenant(nobody);
      this.#is(undefined);
    } catch (error) {
      this.#is(reasonOf(error));
    }
    this.#isAsking = false;
  }

  #is(cause: string | undefined): void {
    this.#isAway = cause !== undefined;
    this.#noticed(cause);
  }
}

import { every, type Clock } from '@rollcall/core/environment';
import { reasonOf } from '@rollcall/runtime';
import type { RegistryStore } from './registry-store.ts';

const eachMs = 2_000;
/** No tenant has an empty id: the question is answered by an index alone. */
const nobody = '';

/** Knows whether the database answers: it is asked every two seconds, one question at a time. */
export class StoreWatch {
  readonly #store: Pick<RegistryStore, 'tenant'>;
  readonly #stop: () => void;
  readonly #noticed: (cause: string | undefined) => void;
  #isAsking = false;
  #isAway = false;

  /** @param noticed called each time with the reason why the database does not answer, or that it does. */
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

import { every, type Clock } from '@rollcall/core/environment';
import type { RegistryStore } from './registry-store.ts';

const eachMs = 2_000;
/** No tenant has an empty id: the question is answered by an index alone. */
const nobody = '';

/** Knows whether the database answers: it is asked every two seconds, one question at a time. */
export class StoreWatch {
  readonly #store: Pick<RegistryStore, 'tenant'>;
  readonly #stop: () => void;
  #isAsking = false;
  #isAway = false;

  constructor(store: Pick<RegistryStore, 'tenant'>, clock: Clock) {
    this.#store = store;
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
      this.#isAway = false;
    } catch {
      // What it is, whoever asks something is told.
      this.#isAway = true;
    }
    this.#isAsking = false;
  }
}

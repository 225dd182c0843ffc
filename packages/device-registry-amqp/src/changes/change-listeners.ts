import type { Log } from '@rollcall/core/environment';
import type { RegistryChange } from '@rollcall/core/registry';

type Listener = (change: RegistryChange) => void;

/** The listeners to changes. If one fails, the others are still called. */
export class ChangeListeners {
  readonly #log: Log;
  readonly #listeners = new Set<Listener>();

  constructor(log: Log) {
    this.#log = log;
  }

  add(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(change: RegistryChange): void {
    for (const listener of this.#listeners)
      try {
        listener(change);
      } catch (error) {
        this.#log.error({ err: error }, 'a change of the device registry was not handled: a listener failed');
      }
  }

  clear(): void {
    this.#listeners.clear();
  }
}

import type { RegistryAvailability } from '@rollcall/core/registry';

/** Whether all services of a registry can be asked. */
export class ServiceAvailability implements RegistryAvailability {
  readonly #away: Set<string>;
  readonly #listeners = new Set<(available: boolean) => void>();

  /** @param names of the services; none of them can be asked yet. */
  constructor(names: readonly string[]) {
    this.#away = new Set(names);
  }

  now(): boolean {
    return this.#away.size === 0;
  }

  onChange(changed: (available: boolean) => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  set(name: string, reachable: boolean): void {
    const before = this.now();
    if (reachable) this.#away.delete(name);
    else this.#away.add(name);
    if (this.now() !== before) for (const listener of this.#listeners) listener(this.now());
  }
}

import { StoreUnavailable } from './store-unavailable.ts';

/** Whether writes succeed. With a full disk, reads still do. */
export class WriteHealth {
  readonly #noticed: (cause: string | undefined) => void;
  #cause: string | undefined;

  /** @param noticed called after each write, with the reason if it failed. */
  constructor(noticed: (cause: string | undefined) => void = () => {}) {
    this.#noticed = noticed;
  }

  /** Why the latest write failed. `undefined`: it succeeded. */
  get cause(): string | undefined {
    return this.#cause;
  }

  async watch<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      const result = await write();
      this.#is(undefined);
      return result;
    } catch (error) {
      // An invalid write says nothing about the database.
      if (error instanceof StoreUnavailable) this.#is(error.message);
      throw error;
    }
  }

  #is(cause: string | undefined): void {
    this.#cause = cause;
    this.#noticed(cause);
  }
}

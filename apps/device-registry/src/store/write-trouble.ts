import { StoreUnavailable } from './store-unavailable.ts';

/** Whether writes succeed: with a full disk everything can still be read. */
export class WriteTrouble {
  readonly #noticed: (cause: string | undefined) => void;
  #cause: string | undefined;

  /** @param noticed called after each write with the reason why it failed, or that it succeeded. */
  constructor(noticed: (cause: string | undefined) => void = () => {}) {
    this.#noticed = noticed;
  }

  /** Why the latest write could not be made; `undefined`: it could. */
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

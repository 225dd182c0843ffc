import { StoreUnavailable } from './store-unavailable.ts';

/** Whether writes are taken: a disk that is full lets everything be read. */
export class WriteTrouble {
  readonly #noticed: (cause: string | undefined) => void;
  #cause: string | undefined;

  /** @param noticed told after each write why it could not be made, or that it was. */
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
      // What cannot be written for what it is says nothing of the database.
      if (error instanceof StoreUnavailable) this.#is(error.message);
      throw error;
    }
  }

  #is(cause: string | undefined): void {
    this.#cause = cause;
    this.#noticed(cause);
  }
}

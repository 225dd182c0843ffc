import { StoreUnavailable } from './store-unavailable.ts';

/** Whether writes are taken: a disk that is full lets everything be read. */
export class WriteTrouble {
  #cause: string | undefined;

  /** Why the latest write could not be made; `undefined`: it could. */
  get cause(): string | undefined {
    return this.#cause;
  }

  async watch<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      const result = await write();
      this.#cause = undefined;
      return result;
    } catch (error) {
      // What cannot be written for what it is says nothing of the database.
      if (error instanceof StoreUnavailable) this.#cause = error.message;
      throw error;
    }
  }
}

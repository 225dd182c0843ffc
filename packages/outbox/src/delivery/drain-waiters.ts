/** Callers that wait until the outbox is empty. */
export class DrainWaiters {
  readonly #isEmpty: () => boolean;
  readonly #waiters = new Set<() => void>();

  constructor(isEmpty: () => boolean) {
    this.#isEmpty = isEmpty;
  }

  /** Resolves when no event waits to be sent any more, or when `signal` aborts. */
  drained(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || this.#isEmpty()) {
        resolve();
        return;
      }
      const done = (): void => {
        this.#waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiters.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** An event does not wait any more. */
  released(): void {
    if (this.#waiters.size > 0 && this.#isEmpty()) for (const wake of this.#waiters) wake();
  }
}

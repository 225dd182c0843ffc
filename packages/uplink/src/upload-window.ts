/** Lets so many uploads of one connection be under way at a time; the others wait, in the order they came. */
export interface UploadWindow {
  run<Result>(upload: () => Promise<Result>): Promise<Result>;
  /** Takes a place; `undefined`: there is one at once. For callers that need no function for each upload. */
  enter(): Promise<void> | undefined;
  /** Gives the place back, whatever became of the upload. */
  leave(): void;
}

/** As many as an AMQP device gets credit for, in Hono: what one connection has under way stands before all others' at the network. */
const defaultMax = 30;

export function createUploadWindow(max = defaultMax): UploadWindow {
  return new Window(max);
}

/** A class, and not functions around common variables: there is one for each connection. */
class Window implements UploadWindow {
  readonly #max: number;
  #running = 0;
  /** Most connections never have so much under way. */
  #waiting: Set<() => void> | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  enter(): Promise<void> | undefined {
    // An upload that is over gives its place to the next one, which is counted already.
    if (this.#running >= this.#max)
      return new Promise<void>((resolve) => (this.#waiting ??= new Set()).add(resolve));
    this.#running += 1;
    return undefined;
  }

  leave(): void {
    const [next] = this.#waiting ?? [];
    if (next) {
      this.#waiting?.delete(next);
      next();
    } else this.#running -= 1;
  }

  async run<Result>(upload: () => Promise<Result>): Promise<Result> {
    const entered = this.enter();
    if (entered) await entered;
    try {
      return await upload();
    } finally {
      this.leave();
    }
  }
}

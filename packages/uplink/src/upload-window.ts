/** Lets so many uploads of one connection be under way at a time; the others wait, in the order they came. */
export interface UploadWindow {
  run<Result>(upload: () => Promise<Result>): Promise<Result>;
}

/** As many as an AMQP device gets credit for, in Hono: what one connection has under way stands before all others' at the network. */
const defaultMax = 30;

export function createUploadWindow(max = defaultMax): UploadWindow {
  let running = 0;
  /** Most connections never have so much under way. */
  let waiting: Set<() => void> | undefined;

  return {
    async run(upload) {
      // An upload that is over gives its place to the next one, which is counted already.
      if (running >= max) await new Promise<void>((resolve) => (waiting ??= new Set()).add(resolve));
      else running += 1;
      try {
        return await upload();
      } finally {
        const [next] = waiting ?? [];
        if (next) {
          waiting?.delete(next);
          next();
        } else running -= 1;
      }
    },
  };
}

import { runAll } from './run-all.ts';

/**
 * What was begun, in this order, to be ended in the reverse order. It is what we need of `AsyncDisposableStack` (TC39, Explicit
 * Resource Management), which Node.js 22 does not have.
 */
export class ResourceStack {
  readonly #ends: (() => unknown)[] = [];
  #isDisposed = false;

  /** `end` is called when the stack is disposed of. */
  defer(end: () => unknown): void {
    if (this.#isDisposed) throw new ReferenceError('the stack is disposed of');
    this.#ends.push(end);
  }

  /** The same for something that was begun, which is returned. */
  adopt<Begun>(begun: Begun, end: (begun: Begun) => unknown): Begun {
    this.defer(() => end(begun));
    return begun;
  }

  /** Ends everything, one after the other, whatever one of them throws. Once. @throws as {@link runAll} does. */
  async disposeAsync(): Promise<void> {
    this.#isDisposed = true;
    await runAll(this.#ends.splice(0).toReversed());
  }
}

/** Time as the exchange layer needs it: the `Clock` of `@rollcall/core` is one. */
export interface CoapClock {
  /** Milliseconds that never step. */
  monotonic(): number;
  /** Calls `wake` once, not before `deadline`. The result disarms it. */
  at(deadline: number, wake: () => void): () => void;
}

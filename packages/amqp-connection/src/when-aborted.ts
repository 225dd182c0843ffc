const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once `signal` aborts. One listener serves all who wait with the same signal: it is mostly shared by everything
 * that is sent, and adding and removing a listener costs more than sending does.
 *
 * @returns forgets the callback.
 */
export function whenAborted(signal: AbortSignal, callback: () => void): () => void {
  let waiting = callbacks.get(signal);
  if (!waiting) {
    const added = new Set<() => void>();
    signal.addEventListener('abort', () => {
      for (const each of added) each();
    });
    callbacks.set(signal, added);
    waiting = added;
  }
  waiting.add(callback);
  return () => void waiting.delete(callback);
}

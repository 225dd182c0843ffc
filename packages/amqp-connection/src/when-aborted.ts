const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once `signal` aborts. All callbacks of one signal share one listener: usually all messages have the same
 * signal, and adding and removing a listener costs more than sending.
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

import type { Loaded } from '../load-in-thread.ts';
import { loadRegistry, type LoadRequest } from '../load-registry.ts';
import { slicesOf } from '../slices.ts';

/** For tests of the content of a file: loads it as the thread does, but without a thread. The result is copied, as between threads. */
export async function loadHere(request: LoadRequest): Promise<Loaded> {
  const { result, changes } = loadRegistry(structuredClone(request));
  return structuredClone({ result, slices: [...slicesOf(changes)] });
}

import { parentPort, workerData } from 'node:worker_threads';
import { loadRegistry, type LoadRequest, type LoadResult } from './load-registry.ts';
import type { EntryChange } from './registry-entries.ts';
import { slicesOf } from './slices.ts';

/** First the result; then, as often as it is asked for more, a slice of the changes, until there is none. */
export type ThreadAnswer =
  | { readonly result: LoadResult }
  | { readonly slice: readonly EntryChange[] | undefined };

function answer(what: ThreadAnswer): void {
  parentPort?.postMessage(what);
}

const { result, changes } = loadRegistry(workerData as LoadRequest);
const slices = slicesOf(changes);
// Only when asked: what comes in a row is received in one turn of the event loop.
parentPort?.on('message', () => answer({ slice: slices.next().value ?? undefined }));
answer({ result });

import { parentPort, workerData } from 'node:worker_threads';
import { loadRegistry, type LoadRequest, type LoadResult } from './load-registry.ts';
import type { EntryChange } from './registry-entries.ts';
import { slicesOf } from './slices.ts';

/** The first answer is the result. For each further message the thread answers with a slice of the changes, until there is none. */
export type ThreadAnswer =
  | { readonly result: LoadResult }
  | { readonly slice: readonly EntryChange[] | undefined };

function answer(what: ThreadAnswer): void {
  parentPort?.postMessage(what);
}

const { result, changes } = loadRegistry(workerData as LoadRequest);
const slices = slicesOf(changes);
// Sends a slice only when asked: messages that come together would be received in one turn of the event loop.
parentPort?.on('message', () => answer({ slice: slices.next().value ?? undefined }));
answer({ result });

import { parentPort } from 'node:worker_threads';
import { openKeptStore, type KeptStore } from './kept-store.ts';
import { unpackBatch, type PackedBatch } from './pack-batch.ts';
import type { SqliteStoreOptions } from './sqlite-store.ts';
import type { StoreReads } from './stored.ts';

/** A request of the adapter's thread. Requests are answered one after the other, in order. */
export type StoreRequest =
  | ({ readonly type: 'open' } & SqliteStoreOptions)
  | { readonly type: 'read'; readonly what: keyof StoreReads; readonly which: unknown }
  | { readonly type: 'apply'; readonly batch: PackedBatch }
  | { readonly type: 'check' }
  | { readonly type: 'close' };

export type StoreAnswer =
  | { readonly status: 'done'; readonly result?: unknown }
  | { readonly status: 'failed'; readonly problem: string };

let options: SqliteStoreOptions | undefined;
let store: KeptStore | undefined;

/** Opens the store again if that failed before, e.g. because the thread was replaced while the disk was away. */
function opened(): KeptStore {
  if (!options) throw new Error('it was never opened');
  return (store ??= openKeptStore(options));
}

function serve(request: StoreRequest): StoreAnswer {
  try {
    switch (request.type) {
      case 'open':
        options = request;
        return { status: 'done', result: opened().summary() };
      case 'read':
        // Both sides are typed by `JournalStore.read`; messages between threads are not.
        return { status: 'done', result: opened()[request.what](request.which as never) };
      case 'apply':
        opened().apply(unpackBatch(request.batch));
        return { status: 'done' };
      case 'check':
        return { status: 'done', result: opened().check() };
      case 'close':
        store?.close();
        store = undefined;
        return { status: 'done' };
      default:
        return request satisfies never;
    }
  } catch (error) {
    return { status: 'failed', problem: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (request: StoreRequest) => parentPort?.postMessage(serve(request)));

import { parentPort } from 'node:worker_threads';
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
import type { Batch, StoredContents } from './stored.ts';

/** What the adapter's thread asks for, one at a time. */
export type StoreRequest =
  | ({ readonly type: 'open' } & SqliteStoreOptions)
  | { readonly type: 'apply'; readonly batch: Batch }
  | { readonly type: 'close' };

export type StoreAnswer =
  | { readonly status: 'done'; readonly contents?: StoredContents }
  | { readonly status: 'failed'; readonly problem: string };

let store: SqliteStore | undefined;

function serve(request: StoreRequest): StoreAnswer {
  try {
    switch (request.type) {
      case 'open':
        store = openSqliteStore(request);
        return { status: 'done', contents: store.contents() };
      case 'apply':
        store?.apply(request.batch);
        return { status: 'done' };
      case 'close':
        store?.close();
        return { status: 'done' };
      default:
        return request satisfies never;
    }
  } catch (error) {
    return { status: 'failed', problem: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (request: StoreRequest) => parentPort?.postMessage(serve(request)));

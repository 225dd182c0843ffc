import { parentPort, workerData } from 'node:worker_threads';
import type { DeviceSearchQuery, SearchPage, SearchQuery } from '../registry-search.ts';
import type { StoredDevice, StoredTenant } from '../registry-store.ts';
import type { ThreadAnswer } from './worker-client.ts';
import { isPassing } from '@rollcall/runtime/sqlite';
import { openDatabase } from './open-database.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { Search } from './search.ts';

export type SearchQuestion =
  | { readonly of: 'tenants'; readonly query: SearchQuery }
  | { readonly of: 'devices'; readonly tenant: string; readonly query: DeviceSearchQuery };

export type SearchAnswer = SearchPage<StoredTenant> | SearchPage<StoredDevice>;

const database = openDatabase(String(workerData), true);
const search = new Search(database, () => performance.now());

parentPort?.on('message', (question: SearchQuestion) => parentPort?.postMessage([answerTo(question)]));

function answerTo(question: SearchQuestion): ThreadAnswer<SearchAnswer> {
  try {
    return {
      answer:
        question.of === 'tenants'
          ? search.tenants(question.query)
          : search.devices(question.tenant, question.query),
    };
  } catch (error) {
    return {
      problem: error instanceof Error ? error.message : String(error),
      isPassing: error instanceof StoreUnavailable || isPassing(database, error),
    };
  }
}

import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { readFlaps, type FlapsQuery } from './flaps.ts';
import type { FlapRow } from '../fold/summary.ts';

export type FlapsAnswer = { readonly rows: readonly FlapRow[] } | { readonly problem: string };

const database = new DatabaseSync(String(workerData), { readOnly: true });

parentPort?.on('message', (query: FlapsQuery) => {
  parentPort?.postMessage(answerTo(query));
});

function answerTo(query: FlapsQuery): FlapsAnswer {
  try {
    return { rows: readFlaps(database, query) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

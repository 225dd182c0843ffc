import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { readFlaps, type FlapsQuery } from './flaps.ts';
import type { FlapRow } from '../fold/summary.ts';
import type { Timeline, TimelineQuery } from '../presence-store.ts';
import { readTimeline } from './timeline.ts';

export type LongQuestion =
  | { readonly about: 'flaps'; readonly query: FlapsQuery }
  | { readonly about: 'timeline'; readonly tenant: string; readonly query: TimelineQuery };

export type LongAnswer = { readonly found: readonly FlapRow[] | Timeline } | { readonly problem: string };

const database = new DatabaseSync(String(workerData), { readOnly: true });

parentPort?.on('message', (question: LongQuestion) => {
  parentPort?.postMessage(answerTo(question));
});

function answerTo(question: LongQuestion): LongAnswer {
  try {
    return {
      found:
        question.about === 'flaps'
          ? readFlaps(database, question.query)
          : readTimeline(database, question.tenant, question.query),
    };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

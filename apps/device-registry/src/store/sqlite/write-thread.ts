import { parentPort, workerData } from 'node:worker_threads';
import { whyOutOfPlace, type OpenFiles } from '@rollcall/runtime/sqlite';
import { openDatabase } from './open-database.ts';
import { writeTogether } from './write-together.ts';
import type { ThreadAnswer } from './worker-client.ts';
import { WriteTasks, type Performed, type WriteTask } from './write-tasks.ts';

export interface WriteThreadData {
  readonly file: string;
  /** Its files, as the store opened them. */
  readonly openFiles: OpenFiles;
  readonly maxDevicesPerTenant: number;
}

/** How many tasks are written together. More would make the others wait too long for the disk. */
const maxTogether = 200;

const { file, openFiles, maxDevicesPerTenant } = workerData as WriteThreadData;
const database = openDatabase(file);
const tasks = new WriteTasks(database, maxDevicesPerTenant);
let wanted: WriteTask[] = [];

parentPort?.on('message', (task: WriteTask) => {
  wanted.push(task);
  // Messages that came meanwhile are received before this runs.
  if (wanted.length === 1) setImmediate(writeAll);
});

function writeAll(): void {
  const all = wanted;
  wanted = [];
  for (let from = 0; from < all.length; from += maxTogether)
    parentPort?.postMessage(written(all.slice(from, from + maxTogether)));
}

/** Nothing is reported as written that is only in a file which was taken away: also not if that happened meanwhile. */
function written(together: readonly WriteTask[]): readonly ThreadAnswer<Performed>[] {
  const before = whyOutOfPlace(openFiles);
  const answers = before === undefined ? writeTogether(database, tasks, together) : [];
  const problem = before ?? whyOutOfPlace(openFiles);
  return problem === undefined ? answers : together.map(() => ({ problem, isPassing: true }));
}

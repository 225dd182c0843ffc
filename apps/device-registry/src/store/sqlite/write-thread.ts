import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from './open-database.ts';
import { writeTogether } from './write-together.ts';
import { WriteTasks, type WriteTask } from './write-tasks.ts';

export interface WriteThreadData {
  readonly file: string;
  readonly maxDevicesPerTenant: number;
}

/** How many tasks are written together. More would make the others wait too long for the disk. */
const maxTogether = 200;

const { file, maxDevicesPerTenant } = workerData as WriteThreadData;
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
    parentPort?.postMessage(writeTogether(database, tasks, all.slice(from, from + maxTogether)));
}

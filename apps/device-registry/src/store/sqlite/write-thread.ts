import { parentPort, workerData } from 'node:worker_threads';
import type { RegistryWrite } from '../registry-write.ts';
import { openDatabase } from './open-database.ts';
import { writeTogether } from './write-together.ts';
import { Writes } from './writes.ts';

export interface WriteThreadData {
  readonly file: string;
  readonly maxDevicesPerTenant: number;
}

/** Others wait for the disk while these are written; more would wait too long. */
const maxTogether = 200;

const { file, maxDevicesPerTenant } = workerData as WriteThreadData;
const database = openDatabase(file);
const writes = new Writes(database, maxDevicesPerTenant);
let wanted: RegistryWrite[] = [];

parentPort?.on('message', (write: RegistryWrite) => {
  wanted.push(write);
  // All that came meanwhile is there before this runs.
  if (wanted.length === 1) setImmediate(writeAll);
});

function writeAll(): void {
  const all = wanted;
  wanted = [];
  for (let from = 0; from < all.length; from += maxTogether)
    parentPort?.postMessage(writeTogether(database, writes, all.slice(from, from + maxTogether)));
}

import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';

// One comparison at a time: the thread has nothing else to do.
parentPort?.on('message', ({ id, password, hash }: { id: number; password: string; hash: string }) => {
  let valid = false;
  try {
    valid = compareSync(password, hash);
  } catch {
    // A hash that bcrypt cannot read matches nothing.
  }
  parentPort?.postMessage({ id, valid });
});

import { parentPort } from 'node:worker_threads';
import { compareSync, hashSync } from 'bcryptjs';

type Wanted = { readonly id: number; readonly password: string } & (
  | { readonly hash: string }
  | { readonly cost: number }
);

// One at a time: the thread has nothing else to do.
parentPort?.on('message', (wanted: Wanted) => {
  parentPort?.postMessage({
    id: wanted.id,
    result: 'cost' in wanted ? hashed(wanted.password, wanted.cost) : matches(wanted.password, wanted.hash),
  });
});

function matches(password: string, hash: string): boolean {
  try {
    return compareSync(password, hash);
  } catch {
    // A hash that bcrypt cannot read matches nothing.
    return false;
  }
}

/** Hono, whose registry may get the hash some day, knows only this form; both are the same for passwords of up to 72 bytes. */
function hashed(password: string, cost: number): string {
  return hashSync(password, cost).replace(/^\$2b\$/, '$2a$');
}

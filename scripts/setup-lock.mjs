// One command at a time sets up a copy of the repository: two that build would take each other's files away.
// Plain JavaScript for old Node.js, as run.mjs.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const lookAfterMs = 200;
/** Most waits are short, and nobody needs to know. */
const tellAfterMs = 5_000;
/** Between making the file and writing into it, and far more. */
const writtenWithinMs = 5_000;
/** No set-up takes longer. The holder may have ended, and another process have its number. */
const waitAtMostMs = 600_000;

/**
 * Waits until no other process holds the lock, and takes it.
 *
 * @param {string} file
 * @param {(holder: string) => void} tell is called once, where the wait is long
 * @param {number} [tellAfter] ms
 * @returns {Promise<() => void>} gives it back
 */
export async function takeSetupLock(file, tell, tellAfter = tellAfterMs) {
  let isTold = false;
  for (let waitedMs = 0; !take(file); waitedMs += lookAfterMs) {
    const holder = holderOf(file);
    if (holder === undefined || waitedMs >= waitAtMostMs) rmSync(file, { force: true });
    else {
      if (!isTold && waitedMs >= tellAfter) {
        tell(holder);
        isTold = true;
      }
      await pause(lookAfterMs);
    }
  }
  let isHeld = true;
  return () => {
    // By then it may be another's.
    if (isHeld) rmSync(file, { force: true });
    isHeld = false;
  };
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The process that has it; `undefined`: none that runs. */
function holderOf(file) {
  try {
    const holder = readFileSync(file, 'utf8');
    if (holder === '') return Date.now() - statSync(file).mtimeMs < writtenWithinMs ? 'unknown' : undefined;
    process.kill(Number(holder), 0);
    return holder;
  } catch (error) {
    // It may be another user's. A file that is gone is taken at the next try.
    return error.code === 'EPERM' ? 'of another user' : undefined;
  }
}

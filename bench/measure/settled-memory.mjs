import { readFileSync } from 'node:fs';
import { residentBytes } from './process-usage.mjs';

const settleMs = 2_000;

/**
 * Memory of a process that lies in RAM, in bytes, once its garbage is collected and given back.
 * @param {number} pid of a process that collects its garbage when told
 */
export async function settledBytes(pid) {
  return settledTreeBytes([pid]);
}

/**
 * The same of several processes together. Those of others are not told to collect anything.
 * @param {readonly number[]} pids
 */
export async function settledTreeBytes(pids) {
  for (let round = 0; round < 2; round++) {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    for (const pid of pids) if (collects(pid)) process.kill(pid, 'SIGUSR2');
  }
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
}

/** Whether it is a program of ours: to others the signal means something else, or their end. @param {number} pid */
function collects(pid) {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('collect-garbage.mjs');
}

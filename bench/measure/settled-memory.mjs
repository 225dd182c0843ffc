import { residentBytes } from './process-usage.mjs';

const settleMs = 2_000;

/**
 * Memory of a process that lies in RAM, in bytes, once its garbage is collected and given back.
 * @param {number} pid of a process that collects its garbage when told
 */
export async function settledBytes(pid) {
  for (let round = 0; round < 2; round++) {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    process.kill(pid, 'SIGUSR2');
  }
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return residentBytes(pid);
}

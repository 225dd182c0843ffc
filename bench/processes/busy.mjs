import { start, stop } from './start.mjs';

/**
 * Processes that compute all the time, as others on the machine may.
 * @param {number} count
 * @returns {Promise<{ stop: () => Promise<void> }>}
 */
export async function startBusy(count) {
  const children = Array.from({ length: count }, () => start('bench/processes/compute.mjs', []));
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))));
  return {
    async stop() {
      for (const child of children) await stop(child);
    },
  };
}

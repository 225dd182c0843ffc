import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { startReady, stop } from '../processes/start.mjs';

// The stores are parts of a program, which is built as a whole.
const sources = { NODE_OPTIONS: '--conditions=@rollcall/source' };

/** An event may not cost more than this many times what it costs with the fewest devices. */
const growth = 1.34;

/** @typedef {import('../report.mjs').Finding} Finding */

/**
 * Events folded into the stores of the presence service, with different numbers of devices in them.
 * @param {{ sizes: readonly number[], events: number }} options from few devices to many
 * @returns {Promise<Finding[]>}
 */
export async function presenceStoreScenario(options) {
  return [
    ...(await storeScenario('SQLite', options)),
    ...(hasDebianPackage('postgresql') ? await storeScenario('PostgreSQL', options) : []),
  ];
}

/**
 * @param {'SQLite' | 'PostgreSQL'} kind @param {{ sizes: readonly number[], events: number }} options
 * @returns {Promise<Finding[]>}
 */
async function storeScenario(kind, { sizes, events }) {
  /** @type {Finding[]} */
  const findings = [];
  /** @type {Record<string, number>} */
  const fewest = {};
  for (const devices of sizes) {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
    const args = [kind, directory, String(devices), String(events)];
    const { child, message } = await startReady('bench/processes/presence-store.mjs', args, sources);
    await stop(child);
    rmSync(directory, { recursive: true });
    const figures = /** @type {Record<string, number>} */ (message);
    for (const order of ['', 'at random: ']) {
      const cost = figures[`${order}folded, µs CPU per event`] ?? Number.NaN;
      const floor = figures[`${order}bare inserts, µs CPU per event`] ?? Number.NaN;
      const what = `presence store, ${kind}, ${order}${devices} devices`;
      const shown = order === '' ? figures : {};
      findings.push({ what, figures: shown, ratio: { name: 'to bare inserts, CPU', value: cost / floor } });
      const few = fewest[order];
      if (few !== undefined)
        findings.push({
          what,
          figures: {},
          ratio: { name: `to ${sizes[0]} devices, CPU`, value: cost / few, aim: growth },
        });
      fewest[order] ??= cost;
    }
  }
  return findings;
}

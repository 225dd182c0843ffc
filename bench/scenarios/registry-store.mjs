import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { startReady, stop } from '../processes/start.mjs';

// The stores are parts of a program, which is built as a whole.
const sources = { NODE_OPTIONS: '--conditions=@rollcall/source' };

/** A look-up, or a creation, may not cost more than this many times what it costs with the fewest devices. */
const growth = 1.34;
const operations = ['look-up', 'creation'];

/** @typedef {import('../report.mjs').Finding} Finding */

/**
 * The stores of the device registry, with different numbers of devices in them.
 * @param {{ sizes: readonly number[], operations: number }} options from few devices to many
 * @returns {Promise<Finding[]>}
 */
export async function registryStoreScenario(options) {
  return [
    ...(await storeScenario('SQLite', options)),
    ...(hasDebianPackage('postgresql') ? await storeScenario('PostgreSQL', options) : []),
  ];
}

/**
 * @param {'SQLite' | 'PostgreSQL'} kind @param {{ sizes: readonly number[], operations: number }} options
 * @returns {Promise<Finding[]>}
 */
async function storeScenario(kind, { sizes, operations: count }) {
  /** @type {Finding[]} */
  const findings = [];
  /** @type {Record<string, number> | undefined} */
  let fewest;
  for (const devices of sizes) {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
    const args = [kind, directory, String(devices), String(count)];
    const { child, message } = await startReady('bench/processes/registry-store.mjs', args, sources);
    await stop(child);
    rmSync(directory, { recursive: true });
    const figures = /** @type {Record<string, number>} */ (message);
    fewest ??= figures;
    for (const [index, operation] of operations.entries()) {
      const cost = (/** @type {Record<string, number>} */ of) => of[`${operation}, µs CPU`] ?? Number.NaN;
      findings.push({
        what: `registry store, ${kind}, ${devices} devices`,
        figures: index === 0 ? figures : {},
        ratio: {
          name: `${operation}, to ${sizes[0]} devices, CPU`,
          value: cost(figures) / cost(fewest),
          aim: growth,
        },
      });
    }
  }
  return findings;
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryText } from '../load/registry-text.mjs';
import { startReady, stop } from '../processes/start.mjs';

/** No turn of the event loop may take longer because a registry file changed. */
const longestTurnMs = 50;

/**
 * A registry file as YAML and as JSON: its first load, a change of one device, and one of every device.
 * @param {{ devices: number }} options
 * @returns {Promise<import('../report.mjs').Finding[]>}
 */
export async function registryScenario({ devices }) {
  /** @type {import('../report.mjs').Finding[]} */
  const findings = [];
  for (const format of ['yaml', 'json']) {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
    writeFileSync(join(directory, 'first'), registryText(format, devices, 'north', true));
    writeFileSync(join(directory, 'one'), registryText(format, devices, 'north', false));
    writeFileSync(join(directory, 'all'), registryText(format, devices, 'south', false));
    const args = [directory, format, String(devices)];
    const { child, message } = await startReady('bench/processes/registry.mjs', args);
    await stop(child);
    rmSync(directory, { recursive: true });
    const figures = /** @type {Record<string, number>} */ (message);
    const turns = Object.keys(figures).filter((name) => name.endsWith('longest turn, ms CPU'));
    findings.push({
      what: `registry, ${devices} devices in ${format.toUpperCase()}`,
      figures,
      ratio: {
        name: 'longest turn, ms CPU',
        value: Math.max(...turns.map((name) => figures[name] ?? 0)),
        aim: longestTurnMs,
      },
    });
  }
  return findings;
}

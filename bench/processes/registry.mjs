// A registry file of many devices, loaded, changed in one line, and changed in every device: how long, and what it costs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLog, systemClock } from '@rollcall/core';
import { openFileRegistry } from '@rollcall/device-registry';

const [format = 'json', count = '1000'] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const file = join(directory, `registry.${format}`);
const resolutionMs = 1;
const lateness = monitorEventLoopDelay({ resolution: resolutionMs });
const million = 1_000_000;

writeFileSync(file, contentOf({ site: 'north' }, true));
// Long settled.
await utimes(file, 0, 0);
lateness.enable();
const begun = performance.now();
const registry = await openFileRegistry({ file, clock: systemClock, log: silentLog });
const loaded = figures('first load', begun);

const one = await changed('one change', contentOf({ site: 'north' }, false), 1);
const all = await changed('all changed', contentOf({ site: 'south' }, false), Number(count));
const memory = { 'memory afterwards, MB': settledMemory() / million };
process.send?.({
  ...loaded,
  ...one,
  ...all,
  'memory at the peak, MB': (process.resourceUsage().maxRSS * 1_024) / million,
  ...memory,
});
await registry.close();

/** @param {string} what @param {string} content @param {number} changes */
async function changed(what, content, changes) {
  lateness.reset();
  let told = 0;
  const whole = new Promise((resolve) => {
    const unsubscribe = registry.onChange(() => {
      told += 1;
      if (told < changes) return;
      unsubscribe();
      resolve(undefined);
    });
  });
  writeFileSync(file, content);
  lateness.reset();
  const writtenAt = performance.now();
  await whole;
  return figures(what, writtenAt);
}

/** @param {string} what @param {number} since */
function figures(what, since) {
  return {
    [`${what}, s`]: (performance.now() - since) / 1_000,
    [`${what}: longest turn, ms`]: Math.max(0, lateness.max / million - resolutionMs),
  };
}

function settledMemory() {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage().rss;
}

/** @param {object} defaults of each device @param {boolean} isLastEnabled */
function contentOf(defaults, isLastEnabled) {
  const devices = Array.from({ length: Number(count) }, (_, index) => ({
    'device-id': `device-${index}`,
    enabled: isLastEnabled || index + 1 < Number(count),
    defaults,
    credentials: [
      {
        type: 'hashed-password',
        'auth-id': `sensor-${index}`,
        secrets: [{ 'hash-function': 'sha-512', 'pwd-hash': 'A'.repeat(88), salt: 'AAAAAAAAAAA=' }],
      },
    ],
  }));
  const tenants = [{ 'tenant-id': 'DEFAULT_TENANT', devices }];
  return format === 'json' ? JSON.stringify({ tenants }, undefined, 1) : yamlOf(devices);
}

/** As somebody would write it; to have it written by a library takes longer than to read it. @param {any[]} devices */
function yamlOf(devices) {
  const lines = devices.map(
    ({ 'device-id': id, enabled, defaults, credentials: [{ 'auth-id': authId, secrets }] }) =>
      [
        `      - device-id: ${id}`,
        `        enabled: ${enabled}`,
        `        defaults: { site: ${defaults.site} }`,
        '        credentials:',
        '          - type: hashed-password',
        `            auth-id: ${authId}`,
        '            secrets:',
        '              - hash-function: sha-512',
        `                pwd-hash: ${secrets[0]['pwd-hash']}`,
        `                salt: ${secrets[0].salt}`,
      ].join('\n'),
  );
  return `tenants:\n  - tenant-id: DEFAULT_TENANT\n    devices:\n${lines.join('\n')}\n`;
}

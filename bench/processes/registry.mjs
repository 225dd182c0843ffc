// A registry file of many devices, loaded, changed in one line, and changed in every device: how long, and what it costs.
import { copyFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog, systemClock } from '@rollcall/core/environment';
import { openFileRegistry } from '@rollcall/device-registry';
import { watchTurns } from '../measure/longest-turn.mjs';

const [directory = '', format = 'json', count = '1000'] = process.argv.slice(2);
const file = join(directory, `registry.${format}`);
const million = 1_000_000;
const turns = watchTurns();

await copyFile(join(directory, 'first'), file);
// Long settled.
await utimes(file, 0, 0);
turns.take();
const begun = performance.now();
const registry = await openFileRegistry({ file, clock: systemClock, log: silentLog });
const loaded = figures('first load', begun);
const one = await changed('one change', 'one', 1);
const all = await changed('all changed', 'all', Number(count));
const peak = (process.resourceUsage().maxRSS * 1_024) / million;
// Its last thread ends.
await new Promise((resolve) => setTimeout(resolve, 1_000));
for (let i = 0; i < 3; i++) globalThis.gc?.();
process.send?.({
  ...loaded,
  ...one,
  ...all,
  'memory at the peak, MB': peak,
  'memory afterwards, MB': process.memoryUsage().rss / million,
});
await registry.close();

/** @param {string} what @param {string} next @param {number} changes */
async function changed(what, next, changes) {
  let told = 0;
  const whole = new Promise((resolve) => {
    const unsubscribe = registry.onChange(() => {
      told += 1;
      if (told < changes) return;
      unsubscribe();
      resolve(undefined);
    });
  });
  await copyFile(join(directory, next), file);
  turns.take();
  const writtenAt = performance.now();
  await whole;
  return figures(what, writtenAt);
}

/** @param {string} what @param {number} since */
function figures(what, since) {
  const longestTurn = turns.take();
  return {
    [`${what}, s`]: (performance.now() - since) / 1_000,
    [`${what}: longest turn, ms`]: longestTurn.ms,
    [`${what}: longest turn, ms CPU`]: longestTurn.cpuMs,
  };
}

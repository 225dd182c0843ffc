// A registry file of many devices, loaded, changed in one line, and changed in every device: how long, and what it costs.
import { copyFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog, systemClock } from '@rollcall/core';
import { openFileRegistry } from '@rollcall/device-registry';

const [directory = '', format = 'json', count = '1000'] = process.argv.slice(2);
const file = join(directory, `registry.${format}`);
const million = 1_000_000;
let longestTurn = { ms: 0, cpuMs: 0 };
watchTurns();

await copyFile(join(directory, 'first'), file);
// Long settled.
await utimes(file, 0, 0);
longestTurn = { ms: 0, cpuMs: 0 };
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
  longestTurn = { ms: 0, cpuMs: 0 };
  const writtenAt = performance.now();
  await whole;
  return figures(what, writtenAt);
}

/** @param {string} what @param {number} since */
function figures(what, since) {
  return {
    [`${what}, s`]: (performance.now() - since) / 1_000,
    [`${what}: longest turn, ms`]: longestTurn.ms,
    [`${what}: longest turn, ms CPU`]: longestTurn.cpuMs,
  };
}

/** How long the thread of the devices was kept, by the clock, and in its own CPU time: other processes, and other threads, are no part of that. */
function watchTurns() {
  let at = performance.now();
  let cpuMs = usedMs();
  setInterval(() => {
    const now = { at: performance.now(), cpuMs: usedMs() };
    longestTurn = {
      ms: Math.max(longestTurn.ms, now.at - at - 1),
      cpuMs: Math.max(longestTurn.cpuMs, now.cpuMs - cpuMs),
    };
    ({ at, cpuMs } = now);
  }, 1).unref();
}

function usedMs() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

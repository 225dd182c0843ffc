import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasDebianPackage, startPostgres } from '@rollcall/conformance/machine';
import { presenceTenant } from '../load/presence-churn.mjs';
import { measureCpu, residentBytes } from '../measure/process-usage.mjs';
import { percentile } from '../measure/statistics.mjs';
import { noteLongestTurn, watchTurnsOf } from '../processes/longest-turns.mjs';
import { pidOf } from '../processes/stack.mjs';
import { ask, eventLoopLag, freePort, start, startReady, stop, untilUp } from '../processes/start.mjs';

const perSecond = 2_000;
const forMs = 10_000;
/** Many readers get each change many times. */
const perSecondWatched = 100;
const readers = 200;
const slowReaders = 10;
/** Until a reader that does not read is cut, and some more. */
const untilCutMs = 15_000;
const askEveryMs = 10;
const answerAimMs = 20;
const changeAimMs = 100;

/** @typedef {import('../report.mjs').Finding} Finding */

/**
 * The presence service while events come in: what it answers, and what its readers hear.
 * @param {{ devices: number }} options
 * @returns {Promise<Finding[]>}
 */
export async function presenceServiceScenario({ devices }) {
  const findings = await withService('SQLite', devices, {});
  if (!hasDebianPackage('postgresql')) return findings;
  const postgres = await startPostgres();
  try {
    const database = { ROLLCALL_PRESENCE_DATABASE: postgres.newDatabase() };
    return [...findings, ...(await withService('PostgreSQL', devices, database))];
  } finally {
    await postgres.cleanUp();
  }
}

/** @param {string} kind @param {number} devices @param {Record<string, string>} database */
async function withService(kind, devices, database) {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
  const [networkPort, port, healthPort] = [await freePort(), await freePort(), await freePort()];
  const data = join(directory, 'network');
  const network = start('apps/rollcall/dist/main.js', [
    'network',
    '--port',
    String(networkPort),
    '--data',
    data,
  ]);
  await new Promise((resolve) => network.once('message', resolve));
  const service = start(
    'apps/presence/dist/main.js',
    [],
    {
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: String(networkPort),
      ROLLCALL_PRESENCE_OPEN: 'true',
      ROLLCALL_PRESENCE_PORT: String(port),
      ROLLCALL_PRESENCE_DIRECTORY: join(directory, 'presence'),
      ROLLCALL_HEALTH_PORT: String(healthPort),
      ROLLCALL_LOG_LEVEL: 'warn',
      ...database,
    },
    [eventLoopLag],
  );
  await untilUp(`http://127.0.0.1:${healthPort}/readiness`);
  await watchTurnsOf(service);
  const { child: events } = await startReady('bench/processes/presence-events.mjs', [
    String(networkPort),
    String(devices),
  ]);
  const url = `http://127.0.0.1:${port}/v1/tenants/${presenceTenant}`;
  /** @type {import('node:child_process').ChildProcess[]} */
  const watching = [];
  const watch = async (/** @type {number} */ count, /** @type {number} */ idle) => {
    const { child } = await startReady('bench/processes/presence-readers.mjs', [
      `${url}/watch`,
      String(count),
      String(idle),
    ]);
    watching.push(child);
    return child;
  };
  try {
    await ask(events, { perSecond, forMs: (devices * 1_000) / perSecond });
    const parts = { kind, url, devices, service, events, watch, healthPort };
    return [await answered(parts), await watched(parts), await cut(parts)].flat();
  } finally {
    await noteLongestTurn(`presence service, ${kind}`, service);
    for (const each of [...watching, events, service, network]) await stop(each);
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @typedef {object} Parts
 * @property {string} kind @property {string} url @property {number} devices @property {number} healthPort
 * @property {import('node:child_process').ChildProcess} service
 * @property {import('node:child_process').ChildProcess} events
 * @property {(count: number, idle: number) => Promise<import('node:child_process').ChildProcess>} watch
 */

/** Answers about one device, and the way of a change to one reader. @param {Parts} parts @returns {Promise<Finding[]>} */
async function answered({ kind, url, devices, service, events, watch }) {
  const reader = await watch(1, 0);
  await ask(service, { type: 'lag' });
  await ask(reader, {});
  const asking = askAgainAndAgain(url, devices);
  let sent = 0;
  const { elapsedMs, cpuMs } = await measureCpu({ service: pidOf(service) }, async () => {
    ({ events: sent } = /** @type {{ events: number }} */ (await ask(events, { perSecond, forMs })));
  });
  const answeredAfterMs = await asking.stop();
  const { ages } = /** @type {{ ages: number[] }} */ (await ask(reader, {}));
  const late = /** @type {{ p99: number, max: number }} */ (await ask(service, { type: 'lag' }));
  await stop(reader);
  const what = `presence service, ${kind}, ${devices} devices`;
  return [
    {
      what: `${what}: one device is asked about`,
      figures: {
        'events, 1/s': (sent / elapsedMs) * 1_000,
        'service, µs CPU per event': (cpuMs.service * 1_000) / sent,
        'answers, 1/s': (answeredAfterMs.length / elapsedMs) * 1_000,
        'answer p50, ms': percentile(answeredAfterMs, 0.5),
        'event loop late p99, ms': late.p99,
        'worst, ms': late.max,
        'memory, MB': residentBytes(pidOf(service)) / 1e6,
      },
      ratio: { name: 'answer p99, ms', value: percentile(answeredAfterMs, 0.99), aim: answerAimMs },
    },
    {
      what: `${what}: from the event to the change at a reader`,
      figures: { 'changes, 1/s': (ages.length / elapsedMs) * 1_000, 'p50, ms': percentile(ages, 0.5) },
      ratio: { name: 'p99, ms', value: percentile(ages, 0.99), aim: changeAimMs },
    },
  ];
}

/** Many readers of few changes. @param {Parts} parts @returns {Promise<Finding>} */
async function watched({ kind, devices, service, events, watch, healthPort }) {
  await caughtUp(healthPort);
  const rate = { perSecond: perSecondWatched, forMs };
  const used = () => measureCpu({ service: pidOf(service) }, async () => void (await ask(events, rate)));
  const alone = await used();
  const before = residentBytes(pidOf(service));
  const many = await watch(readers, 0);
  await ask(many, {});
  const together = await used();
  const { ages, changes, ended } = /** @type {{ ages: number[], changes: number, ended: number }} */ (
    await ask(many, {})
  );
  const more = residentBytes(pidOf(service)) - before;
  await stop(many);
  return {
    what: `presence service, ${kind}, ${devices} devices: ${readers} readers`,
    figures: {
      'changes at readers, 1/s': (changes / together.elapsedMs) * 1_000,
      'µs CPU for each': ((together.cpuMs.service - alone.cpuMs.service) * 1_000) / changes,
      'p50, ms': percentile(ages, 0.5),
      'readers cut': ended,
      'more memory, kB per reader': more / 1_000 / readers,
    },
    ratio: { name: 'p99, ms', value: percentile(ages, 0.99), aim: changeAimMs },
  };
}

/** Readers that do not read. @param {Parts} parts @returns {Promise<Finding>} */
async function cut({ kind, devices, service, events, watch, healthPort }) {
  const before = residentBytes(pidOf(service));
  const some = await watch(slowReaders + 1, slowReaders);
  await ask(events, { perSecond, forMs: untilCutMs });
  const count = await metricOf(healthPort, 'watchers_cut_total');
  await stop(some);
  return {
    what: `presence service, ${kind}, ${devices} devices: ${slowReaders} readers that do not read`,
    figures: { 'more memory, MB': (residentBytes(pidOf(service)) - before) / 1e6 },
    ratio: { name: `of ${slowReaders} cut`, value: count, atLeast: slowReaders },
  };
}

/** Until what was sent before is folded. @param {number} healthPort */
async function caughtUp(healthPort) {
  while (
    (await metricOf(healthPort, 'lag_seconds')) > 1 ||
    (await metricOf(healthPort, 'events_pending')) > 0
  )
    await new Promise((resolve) => setTimeout(resolve, 200));
}

/** @param {number} healthPort @param {string} name */
async function metricOf(healthPort, name) {
  const text = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
  return Number(new RegExp(`^rollcall_presence_${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
}

/** One question after the other, about one device each. @param {string} url @param {number} devices */
function askAgainAndAgain(url, devices) {
  const agent = new Agent({ keepAlive: true });
  /** @type {number[]} */
  const answeredAfterMs = [];
  let isOver = false;
  const asking = (async () => {
    for (let number = 0; ; number += 7_919) {
      if (isOver) return;
      const begun = performance.now();
      await answerOf(`${url}/devices/thermostat-${number % devices}`, agent);
      answeredAfterMs.push(performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, askEveryMs));
    }
  })();
  return {
    async stop() {
      isOver = true;
      await asking;
      agent.destroy();
      return answeredAfterMs;
    },
  };
}

/** @param {string} url @param {Agent} agent @returns {Promise<void>} */
function answerOf(url, agent) {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`));
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
}

// What a store of the device registry does with many devices in it: look-ups, creations, and pages of a list beside look-ups.
import { randomUUID } from 'node:crypto';
import { atRate, inParallel } from '../load/in-parallel.mjs';
import { percentile } from '../measure/statistics.mjs';
import { openPostgres } from './registry-stores/postgres.mjs';
import { openSqlite } from './registry-stores/sqlite.mjs';

const [kind = '', directory = '', count = '10000', operationCount = '2000'] = process.argv.slice(2);
const devices = Number(count);
const operations = Number(operationCount);
const outstanding = 50;
const pageSize = 100;
/** What somebody turns who begins with the first one. */
const nearPages = 20;
const lookUpsPerSecond = 500;
const secondsBeside = 20;
const tenant = 'acme';

const opened = await (kind === 'PostgreSQL' ? openPostgres(fill) : openSqlite(directory, fill));
const { store } = opened;
// What is not in memory yet, and not compiled, is none of the size.
await lookUps();
await page(0);
const lookedUp = await lookUps();
const created = await creations();
const listed = await pagesBesideLookUps();
const figures = {
  'look-ups/s': operations / lookedUp.seconds,
  'look-up, µs CPU': (lookedUp.cpuMs * 1_000) / operations,
  'creations/s': operations / created.seconds,
  'creation, µs CPU': (created.cpuMs * 1_000) / operations,
  'list page, one of the first, p99, ms': percentile(listed.near, 0.99),
  'list page anywhere p50, ms': percentile(listed.anywhere, 0.5),
  'list page anywhere p99, ms': percentile(listed.anywhere, 0.99),
  pages: listed.near.length + listed.anywhere.length,
  'look-up beside it p99, ms': percentile(listed.lookUpMs, 0.99),
  'on disk per device, bytes': opened.bytes / devices,
};
await store.close();
await opened.cleanUp();
process.send?.(figures);

/** One device, which all others are made from. @param {typeof store} empty @returns {Promise<number>} how many there are to be */
async function fill(empty) {
  await empty.write({ kind: 'create-tenant', tenant, version: randomUUID(), content: {} });
  await create(empty, 'device-0');
  return devices;
}

/** @param {typeof store} at @param {string} device */
async function create(at, device) {
  const content = { ext: { brand: 'x', 'serial-number': 4711 }, defaults: { 'content-type': 'text/plain' } };
  await at.write({
    kind: 'create-device',
    ...{ tenant, device, content, version: randomUUID(), at: Date.now() },
  });
  const secret = {
    id: randomUUID(),
    'hash-function': 'bcrypt',
    'pwd-hash': '$2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234',
  };
  const credentials = [{ type: 'hashed-password', 'auth-id': device, secrets: [secret] }];
  await at.write({ kind: 'put-credentials', ...{ tenant, device, version: randomUUID() }, credentials });
}

/** What an adapter asks of a device that connects for the first time; no two that follow each other stand beside each other. @param {number} number */
async function lookUp(number) {
  const device = `device-${(number * 7_368_787) % devices}`;
  const { found } = await store.credentialsBy(tenant, 'hashed-password', device);
  const facts = await store.registration(tenant, device);
  if (!found || !facts.device) throw new Error(`${device} is not there`);
}

function lookUps() {
  return measured(() => inParallel(operations, outstanding, lookUp));
}

function creations() {
  return measured(() => inParallel(operations, outstanding, (number) => create(store, `new-${number}`)));
}

/** @param {number} pageIndex */
function page(pageIndex) {
  return store.searchDevices(tenant, { pageSize, pageIndex, filters: [], order: [] });
}

/** One page after the other: far ones take longer, since those before them are passed over. */
async function pagesBesideLookUps() {
  const over = new AbortController();
  const last = Math.ceil(devices / pageSize);
  const pageMs = { near: /** @type {number[]} */ ([]), anywhere: /** @type {number[]} */ ([]) };
  const turning = (async () => {
    for (let number = 1; !over.signal.aborted; number += 1) {
      pageMs.near.push(await timed(() => page(number % nearPages)));
      pageMs.anywhere.push(await timed(() => page((number * 7_368_787) % last)));
    }
  })();
  const lookUpMs = await atRate(lookUpsPerSecond * secondsBeside, lookUpsPerSecond, (number) =>
    timed(() => lookUp(number)),
  );
  over.abort();
  await turning;
  return { ...pageMs, lookUpMs };
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const at = performance.now();
  await work();
  return performance.now() - at;
}

/** @param {() => Promise<unknown>} work */
async function measured(work) {
  const before = opened.cpuMs();
  const ms = await timed(work);
  return { seconds: ms / 1_000, cpuMs: opened.cpuMs() - before };
}

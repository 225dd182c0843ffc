import { readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ManualClock, recordingLog, settled } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import type { RegistryChange } from '@rollcall/core/registry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptRegistry } from './accepted-file.ts';
import { openLoadedRegistry } from './file-registry.ts';
import { loadHere } from './testing/load-here.ts';

const held = 'devices are missing in the device registry, and are held until it is sure that this is meant';
const notRemembered = 'device registry: a start cannot compare it with what was served before';

let folder = '';
const cleanUps: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-at-start-'));
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  await rm(folder, { recursive: true, force: true });
});

const paths = () => ({
  file: join(folder, 'registry.json'),
  memory: join(folder, 'state', 'mqtt-0.registry'),
});

const tenantOf = (id: string, count: number): object => ({
  'tenant-id': id,
  devices: Array.from({ length: count }, (_, index) => ({
    'device-id': `d${index}`,
    credentials: [{ type: 'psk', 'auth-id': `a${index}`, secrets: [{ key: 'c2VjcmV0LWtleQ==' }] }],
  })),
});

async function write(counts: Readonly<Record<string, number>>): Promise<void> {
  const { file } = paths();
  await writeFile(
    file,
    JSON.stringify({ tenants: Object.entries(counts).map(([id, n]) => tenantOf(id, n)) }),
  );
  // The file has settled long ago.
  await utimes(file, 0, 0);
}

/** One run of an adapter. */
async function run({ holdMs = 30_000, remembers = true } = {}) {
  const { file, memory } = paths();
  const clock = new ManualClock();
  const log = recordingLog();
  const registry = await openLoadedRegistry(loadHere, {
    file,
    clock,
    log,
    holdMs,
    ...(remembers && { rememberIn: memory }),
  });
  cleanUps.push(() => registry.close());
  const changes: RegistryChange[] = [];
  registry.onChange((change) => changes.push(change));
  const problems = (message: string) =>
    log.lines.filter((line) => line.message === message).map(({ facts }) => facts);
  async function look(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      clock.advance(500);
      while (clock.armed === 0) await settled();
    }
  }
  const { tenant } = deviceRef('acme', '');
  const answers = async (index: number): Promise<readonly string[]> => [
    (await registry.assertRegistration(deviceRef('acme', `d${index}`))).status,
    (await registry.getCredentials({ tenant, type: 'psk', authId: `a${index}` })).status,
  ];
  return { registry, changes, problems, look, answers };
}

/** A run that served everything, and has ended. */
async function earlierRun(counts: Readonly<Record<string, number>> = { acme: 100 }): Promise<void> {
  await write(counts);
  const { registry } = await run();
  await registry.close();
}

const found = ['found', 'found'];
const uncertain = ['unavailable', 'unavailable'];
const unknown = ['not-found', 'not-found'];

test('a start holds devices that an earlier run served: they are neither served nor unknown', async () => {
  await earlierRun();
  await write({ acme: 60 });
  const { registry, problems, answers } = await run();
  expect(await answers(0)).toEqual(found);
  expect(await answers(99)).toEqual(uncertain);
  expect(await answers(100), 'one that never was').toEqual(unknown);
  expect(
    await registry.assertRegistration(deviceRef('acme', 'd0'), deviceRef('acme', 'd99').device),
  ).toMatchObject({ status: 'unavailable', onlyThis: true });
  expect(registry.state()).toMatchObject({ current: false, devices: 100, heldDevices: 40 });
  expect(problems(held)).toMatchObject([
    {
      problems: [
        '40 devices are missing: acme/d60, acme/d61, acme/d62, acme/d63, acme/d64, …',
        '40 of them were there in an earlier run: they are asked to come again later',
        expect.any(String),
        expect.stringMatching(/^SHA-256/),
      ],
    },
  ]);
});

test('a start holds a whole tenant, also for devices that come with a certificate of its authority', async () => {
  await earlierRun({ acme: 1, other: 1_000 });
  await write({ other: 1_000 });
  const { registry, answers } = await run();
  expect((await registry.getTenant('acme')).status).toBe('unavailable');
  expect((await registry.getTenantByTrustAnchor('CN=ca')).status).toBe('unavailable');
  expect(await answers(0)).toEqual(uncertain);
  expect((await registry.getTenant('nowhere')).status).toBe('not-found');
  // Each name may be an alias of the tenant that is held.
  for (const name of ['acme', 'nowhere'])
    expect(await registry.getTenantByName(name), name).toMatchObject({
      status: 'unavailable',
      onlyThis: true,
    });
  for (const name of ['No Alias', 'a.b', ''])
    expect((await registry.getTenantByName(name)).status, name).toBe('not-found');
  expect((await registry.getTenantByName('other')).status).toBe('found');
});

test('entries that a start held go when the file did not change for the hold time, and listeners get a report', async () => {
  await earlierRun();
  await write({ acme: 60 });
  const { registry, changes, look, answers } = await run();
  await look(50);
  expect([changes, await answers(99)]).toEqual([[], uncertain]);
  await look(15);
  expect(await answers(99)).toEqual(unknown);
  expect(changes).toHaveLength(80);
  expect(changes).toContainEqual({ type: 'device', device: deviceRef('acme', 'd99') });
  expect(registry.state()).toMatchObject({ current: true, devices: 60, heldDevices: 0 });
  await registry.close();
  const next = await run();
  expect(await next.answers(99), 'in the next run').toEqual(unknown);
});

test('entries that a start held are served once they are in the file again', async () => {
  await earlierRun();
  await write({ acme: 60 });
  const { registry, look, answers } = await run();
  await writeFile(paths().file, JSON.stringify({ tenants: [tenantOf('acme', 100)] }));
  await look(4);
  expect(await answers(99)).toEqual(found);
  expect(registry.state()).toMatchObject({ current: true, devices: 100, heldDevices: 0 });
});

test('a file that changes and is still cut off keeps holding entries that only an earlier run could serve', async () => {
  await earlierRun();
  await write({ acme: 60 });
  const { look, answers } = await run();
  await writeFile(paths().file, JSON.stringify({ tenants: [tenantOf('acme', 50)] }));
  await look(4);
  expect([await answers(55), await answers(99)]).toEqual([found, uncertain]);
});

test('a run that ends while it holds entries leaves what was served before to the next run', async () => {
  await earlierRun();
  await write({ acme: 60 });
  const { registry } = await run();
  await registry.close();
  const { answers } = await run();
  expect(await answers(99)).toEqual(uncertain);
});

test.each<[string, () => Promise<unknown>, Parameters<typeof run>[0]]>([
  ['the operator accepted the file while no adapter ran', () => acceptRegistry(paths().file), {}],
  ['the hold time is 0', async () => {}, { holdMs: 0 }],
  ['there is no memory of an earlier run', () => rm(paths().memory), {}],
  ['nothing is remembered', async () => {}, { remembers: false }],
])('a start takes the file as it is where %s', async (_what, happens, facts) => {
  await earlierRun();
  await write({ acme: 60 });
  await happens();
  const { registry, problems, answers } = await run(facts);
  expect(await answers(99)).toEqual(unknown);
  expect(registry.state()).toMatchObject({ current: true, devices: 60, heldDevices: 0 });
  expect([problems(held), problems(notRemembered)]).toEqual([[], []]);
});

test('a few devices that are missing at a start are taken as removed', async () => {
  await earlierRun();
  await write({ acme: 95 });
  const { answers, changes } = await run();
  expect([await answers(99), changes]).toEqual([unknown, []]);
});

test('the memory has names and the digest of the file, no key, and is for its owner only', async () => {
  await earlierRun({ acme: 3 });
  const { memory } = paths();
  const text = readFileSync(memory, 'utf8');
  expect(text).toContain('"d2"');
  expect(text).not.toContain('c2VjcmV0');
  expect(JSON.parse(text)).toMatchObject({
    version: 1,
    sha256: expect.stringMatching(/^[\da-f]{64}$/) as unknown,
  });
  expect([statSync(memory).mode & 0o777, statSync(join(folder, 'state')).mode & 0o777]).toEqual([
    0o600, 0o700,
  ]);
});

test.each([
  ['cannot be read', () => writeFile(paths().memory, '{"version":1')],
  ['is of another version', () => writeFile(paths().memory, '{"version":2}')],
])('a memory that %s is a warning, and the file is taken as it is', async (_what, happens) => {
  await earlierRun();
  await happens();
  await write({ acme: 60 });
  const { problems, answers, registry } = await run();
  expect(problems(notRemembered)).toHaveLength(1);
  expect(await answers(99)).toEqual(unknown);
  await registry.close();
  expect((await run()).problems(notRemembered), 'it was written again').toEqual([]);
});

test('a memory of a version that knows fewer and other kinds of credentials is read', async () => {
  await earlierRun();
  const memory = JSON.parse(readFileSync(paths().memory, 'utf8')) as {
    tenants: [string, Record<string, unknown>][];
  };
  for (const [, names] of memory.tenants) {
    delete names['rpk'];
    names['x-other'] = [['a99', 'd99']];
  }
  await writeFile(paths().memory, JSON.stringify(memory));
  await write({ acme: 60 });
  const { answers, problems } = await run();
  expect(await answers(99)).toEqual(uncertain);
  expect(problems(notRemembered)).toEqual([]);
});

test('a memory that cannot be written is a warning', async () => {
  await write({ acme: 3 });
  await mkdir(paths().memory, { recursive: true });
  const { problems, answers } = await run();
  expect(problems(notRemembered)).toHaveLength(1);
  expect(await answers(2)).toEqual(found);
});

test('a file where the folder of the journal should be does not count as a fault of the registry file', async () => {
  await write({ acme: 1 });
  const { memory } = paths();
  await writeFile(dirname(memory), '');
  const { problems, answers } = await run();
  expect(problems(notRemembered)).toHaveLength(1);
  expect(await answers(0)).toEqual(found);
});

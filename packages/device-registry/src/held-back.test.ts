import { appendFile, mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, settled } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { silentLog, type Log } from '@rollcall/core/environment';
import type { RegistryChange } from '@rollcall/core/registry';
import { afterEach, describe, expect, test } from 'vitest';
import { acceptRegistry } from './accepted-file.ts';
import { openLoadedRegistry } from './file-registry.ts';
import { heldBackText, holdBack } from './held-back.ts';
import type { Load } from './load-in-thread.ts';
import { noEntries, type Entries } from './registry-entries.ts';
import { loadHere } from './testing/load-here.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `d${index}`);

/** Tenants with the devices `d0`, `d1`, …, so many each. */
function entriesOf(counts: Readonly<Record<string, number>>): Entries<string> {
  return new Map(
    Object.entries(counts).map(([tenant, count]) => {
      const of = noEntries<string>();
      of.tenant.set(tenant, 'print');
      for (const name of names(count)) of.device.set(name, 'print');
      return [tenant, of];
    }),
  );
}

describe('holdBack', () => {
  test.each([
    ['20 of 199', { a: 199 }, { a: 179 }, 20],
    ['a whole tenant', { a: 1_000, b: 1 }, { a: 1_000 }, 1],
    ['all', { a: 30 }, { a: 0 }, 30],
    ['20 in several tenants', { a: 50, b: 50 }, { a: 40, b: 40 }, 20],
    ['a whole tenant, but not a few devices of another', { a: 1_000, b: 5 }, { a: 999 }, 5],
  ] as const)('holds back %s', (_what, before, after, devices) => {
    expect(holdBack(entriesOf(before), entriesOf(after))?.held.devices).toBe(devices);
  });

  test.each([
    ['19 of 20', { a: 20 }, { a: 1 }],
    ['20 of 200', { a: 200 }, { a: 180 }],
    ['a tenant without devices', { a: 1, b: 0 }, { a: 1 }],
    ['anything when only new devices are added', { a: 10 }, { a: 500, b: 10 }],
  ] as const)('does not hold back %s', (_what, before, after) => {
    expect(holdBack(entriesOf(before), entriesOf(after))).toBeUndefined();
  });
});

interface Facts {
  readonly enabled?: boolean;
}

const deviceOf = (id: string, facts: Facts): object => ({
  'device-id': id,
  ...facts,
  credentials: [{ type: 'psk', 'auth-id': id, secrets: [{ key: 'AAAA' }] }],
});

const listing = (count: number, facts: Facts = {}): string =>
  JSON.stringify({
    tenants: [
      {
        'tenant-id': 'acme',
        devices: names(count).map((id, index) => deviceOf(id, index === 0 ? facts : {})),
      },
    ],
  });

async function given(holdMs = 30_000, loadFile: Load = loadHere) {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-held-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'registry.json');
  await writeFile(file, listing(100));
  await utimes(file, 0, 0);
  const clock = new ManualClock();
  const lines: (readonly string[])[] = [];
  const log: Log = {
    ...silentLog,
    error: (facts) => void lines.push((facts as { problems: string[] }).problems),
  };
  const registry = await openLoadedRegistry(loadFile, { file, clock, log, holdMs });
  cleanUps.push(() => registry.close());
  const changes: RegistryChange[] = [];
  registry.onChange((change) => changes.push(change));
  async function look(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      clock.advance(500);
      while (clock.armed === 0) await settled();
    }
  }
  const { tenant } = deviceRef('acme', '');
  const isServed = async (id: string): Promise<readonly boolean[]> => [
    (await registry.assertRegistration(deviceRef('acme', id))).status === 'found',
    (await registry.getCredentials({ tenant, type: 'psk', authId: id })).status === 'found',
  ];
  return { file, registry, changes, lines, look, isServed };
}

const yes = [true, true];
const no = [false, false];

test('devices that are missing in a cut-off file are still served, and its other changes are applied at once', async () => {
  const { file, registry, changes, lines, look, isServed } = await given();
  await writeFile(file, listing(60, { enabled: false }));
  await look(4);
  expect(changes).toEqual([{ type: 'device', device: deviceRef('acme', 'd0') }]);
  expect(await isServed('d99')).toEqual(yes);
  expect(registry.state()).toMatchObject({ current: false, devices: 100, heldDevices: 40 });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.[0]).toBe('40 devices are missing: acme/d60, acme/d61, acme/d62, acme/d63, acme/d64, …');
  await writeFile(file, listing(100));
  await look(4);
  expect(changes).toHaveLength(2);
  expect(registry.state()).toMatchObject({ current: true, devices: 100, heldDevices: 0 });
});

test.each([
  [{ devices: 1, tenants: 1, first: ['a'] }, '1 device is missing, 1 whole tenant among them: a'],
  [
    { devices: 40, tenants: 2, first: ['a', 'b', '…'] },
    '40 devices are missing, 2 whole tenants among them: a, b, …',
  ],
  [{ devices: 40, tenants: 0, first: ['a/d', '…'] }, '40 devices are missing: a/d, …'],
])('heldBackText writes %j as %j', (held, text) => expect(heldBackText(held)).toBe(text));

test('holdBack names only what it holds back, not the few devices that go at once', () => {
  const before = entriesOf({ large: 1_000, small: 2 });
  expect(holdBack(before, entriesOf({ large: 998 }))?.held).toEqual({
    devices: 2,
    tenants: 1,
    first: ['small'],
  });
  expect(holdBack(before, entriesOf({ large: 500 }))?.held).toEqual({
    devices: 502,
    tenants: 1,
    first: ['small', 'large/d500', 'large/d501', 'large/d502', 'large/d503', '…'],
  });
});

test('missing devices go when the file had the same content for the hold time, also when it was written again', async () => {
  const { file, registry, lines, look, isServed } = await given();
  await writeFile(file, listing(60));
  await look(3);
  await look(40);
  // The same once more.
  await writeFile(file, listing(60));
  await look(10);
  expect(await isServed('d99'), 'after 25 s').toEqual(yes);
  await look(20);
  expect(await isServed('d99'), 'after more than 30 s').toEqual(no);
  expect(await isServed('d0')).toEqual(yes);
  expect(registry.state()).toMatchObject({ current: true, devices: 60, heldDevices: 0 });
  expect(lines).toHaveLength(1);
});

test('where the thread that lets missing devices go dies, another is started a minute later', async () => {
  let deaths = 0;
  const { file, look, isServed } = await given(30_000, async (request) => {
    if (request.accepted === undefined || deaths === 2) return loadHere(request);
    deaths += 1;
    throw new Error('out of memory');
  });
  await writeFile(file, listing(60));
  await look(70);
  expect(deaths).toBe(1);
  await look(100);
  expect(deaths).toBe(1);
  await look(130);
  expect(deaths).toBe(2);
  expect(await isServed('d99')).toEqual(yes);
  await look(120);
  expect(await isServed('d99')).toEqual(no);
});

test('the hold time starts again when the content changes', async () => {
  const { file, look, isServed } = await given();
  await writeFile(file, listing(60));
  await look(50);
  await writeFile(file, listing(50));
  await look(50);
  expect(await isServed('d99')).toEqual(yes);
  await look(20);
  expect(await isServed('d55')).toEqual(no);
});

test.each<readonly [string, (file: string) => Promise<void>]>([
  ['invalid', (file) => writeFile(file, '{')],
  ['away', (file) => rename(file, `${file}.away`)],
])('the hold time starts again when the file was %s meanwhile', async (_what, happens) => {
  const { file, look, isServed } = await given();
  await writeFile(file, listing(60));
  await look(10);
  await happens(file);
  await look(80);
  await rm(file, { force: true });
  await writeFile(file, listing(60));
  await look(10);
  expect(await isServed('d99'), 'after 5 s').toEqual(yes);
  await look(70);
  expect(await isServed('d99')).toEqual(no);
});

test('the hold time starts again when the file was moved away and back', async () => {
  const { file, look, isServed } = await given();
  await writeFile(file, listing(60));
  await look(10);
  await rename(file, `${file}.away`);
  await look(80);
  await rename(`${file}.away`, file);
  await look(10);
  expect(await isServed('d99'), 'after 5 s').toEqual(yes);
  await look(70);
  expect(await isServed('d99')).toEqual(no);
});

test('missing devices go when the operator accepts this content of the file, and not when another one is accepted', async () => {
  const { file, look, isServed } = await given();
  await writeFile(file, listing(60));
  await look(4);
  const { digest, leftIn } = await acceptRegistry(file);
  expect(digest).toMatch(/^[\da-f]{64}$/);
  await writeFile(leftIn, `${digest.replaceAll(/./g, '0')}\n`);
  await look(4);
  expect(await isServed('d99')).toEqual(yes);
  await acceptRegistry(file);
  await look(1);
  expect(await isServed('d99')).toEqual(no);
  await appendFile(file, ' ');
  await writeFile(file, listing(20));
  await look(4);
  expect(await isServed('d40'), 'another file').toEqual(yes);
});

test('content that no adapter takes is not accepted: all of its problems are reported, and adapters get nothing', async () => {
  const { file } = await given();
  const refusal = expect.objectContaining({
    problems: [
      expect.stringMatching(/device-id/),
      expect.stringMatching(/unknown field/),
      `${file}: is not accepted, since no adapter takes it`,
    ],
  }) as unknown;
  await writeFile(file, JSON.stringify({ tenants: [{ 'tenant-id': 'acme', devices: [{}] }], typo: 1 }));
  await expect(acceptRegistry(file)).rejects.toEqual(refusal);
  await writeFile(file, listing(60));
  const rules = [{ pattern: 'acme', reason: 'cannot be carried' }];
  await expect(acceptRegistry(file, rules)).rejects.toThrow('cannot be carried');
  await expect(stat(`${file}.accepted`)).rejects.toThrow('ENOENT');
});

test('with a hold time of 0 missing devices go when the changed file has settled', async () => {
  const { file, registry, lines, look, isServed } = await given(0);
  await writeFile(file, listing(60));
  await look(4);
  expect(await isServed('d99')).toEqual(no);
  expect(registry.state()).toMatchObject({ current: true, devices: 60, heldDevices: 0 });
  expect(lines).toEqual([]);
});

test('reload() does not end the hold time, and with a hold time of 0 missing devices go at once', async () => {
  const { file, registry, look, isServed } = await given();
  await writeFile(file, listing(60));
  await registry.reload();
  await registry.reload();
  expect(await isServed('d99')).toEqual(yes);
  await look(1);
  const other = await given(0);
  await writeFile(other.file, listing(60));
  await other.registry.reload();
  expect(await other.isServed('d99')).toEqual(no);
});

test('an adapter whose user is not the operator can read what the operator accepted', async () => {
  const { file } = await given();
  // As after a strict umask.
  await writeFile(`${file}.accepted`, '', { mode: 0o600 });
  const { leftIn } = await acceptRegistry(file);
  expect(((await stat(leftIn)).mode & 0o777).toString(8)).toBe('644');
});

test('an accepted digest that cannot be read is reported, and nothing goes', async () => {
  const { file, lines, look, isServed } = await given();
  await mkdir(`${file}.accepted`);
  await writeFile(file, listing(60));
  await look(10);
  expect(await isServed('d99')).toEqual(yes);
  expect(lines).toContainEqual([`${file}.accepted: is no digest`]);
});

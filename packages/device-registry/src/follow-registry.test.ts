import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, settled } from '@rollcall/conformance';
import { silentLog, type Log } from '@rollcall/core/environment';
import type { RegistryChange } from '@rollcall/core/registry';
import { afterEach, expect, test } from 'vitest';
import { openLoadedRegistry } from './file-registry.ts';
import { loadHere } from './testing/load-here.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const listing = (...tenants: string[]): string =>
  JSON.stringify({ tenants: tenants.map((id) => ({ 'tenant-id': id })) });

async function givenAFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-follow-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function given(file: string, holdMs = 0) {
  await utimes(file, 0, 0);
  const clock = new ManualClock();
  const lines: { readonly message: string; readonly problems: readonly string[] }[] = [];
  const told: string[] = [];
  const log: Log = {
    ...silentLog,
    info: (_facts, message) => void told.push(message),
    error: (facts, message) => void lines.push({ message, ...(facts as { problems: string[] }) }),
  };
  const registry = await openLoadedRegistry(loadHere, { file, clock, log, holdMs });
  cleanUps.push(() => registry.close());
  const changes: RegistryChange[] = [];
  registry.onChange((change) => changes.push(change));
  /** Looks at the file this many times; each look, and all that it caused, ends before the next one. */
  async function look(times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      clock.advance(500);
      while (clock.armed === 0) await settled();
    }
  }
  return { registry, clock, lines, told, changes, look };
}

async function givenAFile(content = listing('a')) {
  const file = join(await givenAFolder(), 'registry.json');
  await writeFile(file, content);
  return { file, ...(await given(file)) };
}

test('a change is read within 2 s of the last write, also while other files in the directory change', async () => {
  const { file, clock, changes, look } = await givenAFile();
  await writeFile(file, listing('a', 'b'));
  const writtenAt = clock.monotonic();
  while (changes.length === 0) {
    await appendFile(`${file}.log`, 'line\n');
    await look();
  }
  expect(changes).toEqual([{ type: 'tenant', tenant: 'b' }]);
  expect(clock.monotonic() - writtenAt).toBeLessThanOrEqual(2_000);
});

test('a file that is written in parts is read only when it is complete', async () => {
  const { file, changes, look } = await givenAFile(listing('a', 'b'));
  // Valid, and shorter.
  await writeFile(file, listing('a'));
  await look(2);
  await writeFile(file, listing('a', 'b', 'c'));
  await look(5);
  expect(changes).toEqual([{ type: 'tenant', tenant: 'c' }]);
});

test('a change of the target of a link on the path is read, as in a mounted ConfigMap', async () => {
  const folder = await givenAFolder();
  for (const [version, content] of [
    ['one', listing('a')],
    ['two', listing('b')],
  ] as const) {
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, 'registry.json'), content);
  }
  await symlink('one', join(folder, 'data'));
  await symlink(join('data', 'registry.json'), join(folder, 'registry.json'));
  const { changes, look } = await given(join(folder, 'registry.json'));
  await symlink('two', join(folder, 'data.new'));
  await rename(join(folder, 'data.new'), join(folder, 'data'));
  await look(4);
  expect(changes.map((change) => change.type === 'tenant' && change.tenant)).toEqual(['a', 'b']);
  await writeFile(join(folder, 'two', 'registry.json'), listing('b', 'c'));
  await look(4);
  expect(changes).toHaveLength(3);
});

test('state() says whether the file on disk is what is served', async () => {
  const { file, clock, registry, look } = await givenAFile();
  const loadedAt = clock.now();
  expect(registry.state()).toEqual({ current: true, loadedAt, devices: 0, heldDevices: 0 });
  await writeFile(file, listing('a/b'));
  await look();
  expect(registry.state().current, 'not read yet').toBe(false);
  await look(4);
  const { current, failedAt } = registry.state();
  expect([current, failedAt]).toEqual([false, expect.any(Number)]);
  await writeFile(file, `{"tenants":[{"tenant-id":"a","devices":[{"device-id":"d"}]}]}`);
  await look(4);
  expect(registry.state()).toEqual({
    current: true,
    loadedAt: expect.any(Number),
    failedAt,
    devices: 1,
    heldDevices: 0,
  });
  expect(registry.state().loadedAt).toBeGreaterThan(loadedAt);
  await rm(file);
  await look();
  expect(registry.state().current, 'away').toBe(false);
});

test('a fault that stays is logged once a minute, and the file is read once it is mended', async () => {
  const { file, changes, lines, look } = await givenAFile();
  await rm(file);
  await look(119);
  expect(lines).toEqual([
    {
      message: expect.stringContaining('cannot be read'),
      file,
      problems: [`${file}: cannot be read (ENOENT)`],
    },
  ]);
  await look(121);
  expect(lines).toHaveLength(2);
  await writeFile(file, listing('a', 'b'));
  await look(4);
  expect(changes).toHaveLength(1);
  expect(lines).toHaveLength(2);
});

test('when a file comes back unchanged, a line in the log ends its fault', async () => {
  const { file, lines, told, look } = await givenAFile();
  const again = 'device registry: the file is what is served again';
  for (const unusable of ['away', 'wrong']) {
    await (unusable === 'away' ? rm(file) : writeFile(file, '{'));
    await look(4);
    await writeFile(file, listing('a'));
    await look(10);
    expect(told.at(-1), unusable).toBe(again);
  }
  expect(lines).toHaveLength(2);
  expect(told.filter((line) => line === again)).toHaveLength(2);
});

test('a file that never settles is logged, and not read', async () => {
  const { file, changes, lines, look } = await givenAFile();
  for (let i = 0; i < 123; i++) {
    await appendFile(file, ' ');
    await look();
  }
  expect(lines.map(({ message }) => message)).toEqual([expect.stringContaining('without end')]);
  expect(changes).toEqual([]);
  await writeFile(file, listing('b'));
  await look(4);
  expect(changes).toHaveLength(2);
});

test('opening waits until a file that is being written has settled', async () => {
  const file = join(await givenAFolder(), 'registry.json');
  await writeFile(file, listing('a'));
  const written = new Date('2026-01-01T12:00:00Z');
  await utimes(file, written, written);
  const clock = new ManualClock();
  let opened = false;
  const opening = openLoadedRegistry(loadHere, { file, clock, log: silentLog }).finally(
    () => (opened = true),
  );
  while (clock.armed === 0) await settled();
  clock.advance(500);
  await writeFile(file, listing('a', 'b'));
  const later = new Date(clock.now());
  await utimes(file, later, later);
  while (clock.armed === 0) await settled();
  clock.advance(500);
  while (clock.armed === 0) await settled();
  expect(opened).toBe(false);
  clock.advance(500);
  const registry = await opening;
  cleanUps.push(() => registry.close());
  expect((await registry.getTenant('b')).status).toBe('found');
});

test('a registry that is closed leaves no timer, also when it is closed during a load', async () => {
  const { file, registry, clock, lines, look } = await givenAFile();
  await writeFile(file, listing('a', 'b'));
  await look(2);
  clock.advance(500);
  await registry.close();
  for (let i = 0; i < 20; i++) await settled();
  expect(clock.armed).toBe(0);
  expect(lines).toEqual([]);
  expect(await readFile(file, 'utf8')).toBe(listing('a', 'b'));
});

test('lookNow() tries an unreadable file again at once, and a changed file only once it has settled', async () => {
  const { file, clock, changes, registry, look } = await givenAFile();
  await rm(file);
  await mkdir(file);
  await look(4);
  await rm(file, { recursive: true });
  await writeFile(file, listing('a', 'b'));
  const askedAt = clock.monotonic();
  registry.lookNow();
  while (clock.armed === 0) await settled();
  expect(changes).toEqual([]);
  while (changes.length === 0) await look();
  expect(clock.monotonic() - askedAt).toBeLessThanOrEqual(1_500);
});

import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { expect, onTestFinished, test } from 'vitest';
import { describeStore } from '../../testing/describe-store.ts';
import { connected, connectionId, disconnected } from '../../testing/received.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { SqliteStore } from './sqlite-store.ts';

const announceIntervalMs = 3_600_000;

/** More in the soak. */
const seeds = process.env['ROLLCALL_FUZZ_CASES'] ? 200 : 8;

describeStore('SQLite', seeds, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-presence-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'presence.db');
  return {
    open: async (clock, maxChanges) =>
      new SqliteStore({ file, clock, announceIntervalMs, ...(maxChanges !== undefined && { maxChanges }) }),
  };
});

test('no event is taken into a file that was taken away, until it is put back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-presence-'));
  const clock = new ManualClock();
  const store = new SqliteStore({ file: join(folder, 'presence.db'), clock, announceIntervalMs });
  onTestFinished(async () => {
    await store.close();
    for (const each of [folder, `${folder}.away`]) await rm(each, { recursive: true, force: true });
  });
  const begin = connected();
  await rename(folder, `${folder}.away`);
  await expect(store.apply([begin])).rejects.toBeInstanceOf(StoreUnavailable);
  clock.advance(1_000);
  await expect(store.noteProgress()).rejects.toBeInstanceOf(StoreUnavailable);
  expect((await store.tenants({ limit: 1 })).length).toBe(0);
  await rename(`${folder}.away`, folder);
  await store.apply([begin]);
  expect((await store.tenants({ limit: 1 })).length).toBe(1);
});

test('listeners are woken by changes, and not by events that change nothing', async () => {
  const store = new SqliteStore({ file: ':memory:', clock: new ManualClock(), announceIntervalMs });
  onTestFinished(() => store.close());
  let wakes = 0;
  store.onWake(() => (wakes += 1));
  const begin = connected();
  await store.apply([begin]);
  expect(wakes).toBe(1);
  await store.apply([begin, { ...begin, announcement: true }]);
  await store.dropOld({ defaultMs: 1_000, tenantMs: new Map() });
  await store.sweep();
  await store.forget(deviceRef('acme', 'never-seen'));
  expect(wakes).toBe(1);
  await store.forget(begin.device);
  expect(wakes).toBe(2);
});

const manyDevices = 1_200;

function manyConnections(adapter: string) {
  return Array.from({ length: manyDevices }, (_, number) =>
    connected({
      device: deviceRef('acme', `${adapter}-${number}`),
      connectionId: connectionId(number),
      adapter: { type: 'hono-mqtt', id: adapter, instance: 'one' },
    }),
  );
}

test('a sweep checks the connections of a silent adapter in portions, and misses none', async () => {
  const clock = new ManualClock();
  const store = new SqliteStore({ file: ':memory:', clock, announceIntervalMs });
  onTestFinished(() => store.close());
  await store.apply(manyConnections('mqtt-0'));
  const [first = connected()] = manyConnections('mqtt-0');
  await store.apply([{ ...first, announcement: true, announceIntervalMs }]);
  const unknown = async (): Promise<number> =>
    (await store.summary('acme', { flapsPerHour: 10 })).byStatus['unknown'] ?? 0;
  for (let sweeps = 0; sweeps < 10 && (await store.sweep()); sweeps += 1) expect(await unknown()).toBe(0);
  clock.advance(4 * announceIntervalMs);
  expect(await store.sweep()).toBe(true);
  expect(await unknown()).toBeLessThan(manyDevices);
  for (let sweeps = 0; sweeps < 10 && (await store.sweep()); sweeps += 1)
    expect(await unknown()).toBeGreaterThan(0);
  expect(await unknown()).toBe(manyDevices);
});

test('old connections behind many that are kept are dropped in portions, of another tenant too', async () => {
  const clock = new ManualClock();
  const store = new SqliteStore({ file: ':memory:', clock, announceIntervalMs });
  onTestFinished(() => store.close());
  // The only ending of each device: it is kept.
  for (const adapter of ['a', 'b', 'c', 'd', 'e'])
    await store.apply(manyConnections(adapter).map((begin) => disconnected(begin)));
  const twice = [connectionId(1), connectionId(2)].map((id) =>
    connected({ device: deviceRef('other', 'twice'), connectionId: id }),
  );
  await store.apply(
    twice.map((begin, number) => disconnected(begin, { at: (begin.at + 1_000 + number) as typeof begin.at })),
  );
  clock.advance(400 * 86_400_000);
  const kept = { defaultMs: 1_000, tenantMs: new Map() };
  expect([await store.dropOld(kept), await store.dropOld(kept), await store.dropOld(kept)]).toEqual([
    0, 1, 0,
  ]);
});

test('a thread finds the flapping devices in a file, until the store is closed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-presence-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = new SqliteStore({
    file: join(folder, 'presence.db'),
    clock: new ManualClock(),
    announceIntervalMs,
  });
  const begin = connected();
  await store.apply([begin, disconnected(begin)]);
  const asked = [1, 2].map((flapsPerHour) => store.summary('acme', { flapsPerHour }));
  expect((await Promise.all(asked)).map(({ flapping }) => flapping.map(({ changes }) => changes))).toEqual([
    [2],
    [],
  ]);
  await store.close();
  await expect(store.summary('acme', { flapsPerHour: 1 })).rejects.toBeInstanceOf(StoreUnavailable);
});

test.each([-50, 50].map((hours) => ({ hours })))(
  'the age of events does not change when the clock is set by $hours h, before and after a restart',
  async ({ hours }) => {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-presence-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const clock = new ManualClock('2026-11-28T12:00:00Z');
    const open = () => new SqliteStore({ file: join(folder, 'presence.db'), clock, announceIntervalMs });
    let store = open();
    onTestFinished(() => store.close());
    const begin = connected();
    const statusAfter = async (ms: number): Promise<string | undefined> => {
      clock.advance(ms);
      await store.noteProgress();
      await store.sweep();
      const [stored] = await store.get([begin.device]);
      return stored?.presence.status;
    };
    await store.apply([{ ...begin, announcement: true, announceIntervalMs }]);
    clock.stepWall(hours * 3_600_000);
    expect(await statusAfter(announceIntervalMs)).toBe('online');
    await store.close();
    store = open();
    expect(await statusAfter(announceIntervalMs)).toBe('online');
    await store.close();
    clock.stepWall(hours * 3_600_000);
    store = open();
    expect(await statusAfter(0.9 * announceIntervalMs)).toBe('online');
    expect(await statusAfter(0.2 * announceIntervalMs)).toBe('unknown');
  },
);

import { ManualClock } from '@rollcall/conformance';
import { deviceRef, type Epoch, type Timestamp } from '@rollcall/core';
import type { ReceivedConnected } from '@rollcall/hono-wire';
import { describe, expect, test } from 'vitest';
import { connected, connectionId, disconnected } from '../received.ts';
import { device, type StoreBed } from './store-bed.ts';

export function describeConnections({ newDatabase, given }: StoreBed): void {
  describe('a connection', () => {
    const announced = (facts: Partial<ReceivedConnected> = {}): ReceivedConnected => ({
      ...connected(),
      announcement: true,
      announceIntervalMs: 1_000,
      ...facts,
    });

    test('becomes unknown when its adapter has been silent for three intervals, and known again with its next event', async () => {
      const { store, clock, statusOf } = await given();
      const position = await store.position('acme');
      await store.apply([announced()]);
      clock.advance(3_000);
      await store.sweep();
      expect(await statusOf()).toBe('online');
      clock.advance(1);
      await store.sweep();
      expect(await statusOf()).toBe('unknown');
      // Of another device: the adapter is there again.
      await store.apply([connected({ device: deviceRef('acme', 'other'), connectionId: connectionId(2) })]);
      await store.sweep();
      expect(await statusOf()).toBe('online');
      const log = await store.changes('acme', position, 100);
      expect(
        log !== 'gone' &&
          log.changes.map(({ device: { presence } }) => [presence.device.device, presence.status]),
      ).toEqual([
        ['thermostat-7', 'online'],
        ['thermostat-7', 'unknown'],
        ['other', 'online'],
        ['thermostat-7', 'online'],
      ]);
    });

    test.each(['adapter-lost', 'taken-over', 'buried'])(
      'stays unknown when others tell an ending for its adapter: %s',
      async (reason) => {
        const { store, clock, statusOf } = await given();
        const other = connected({ device: deviceRef('acme', 'other'), connectionId: connectionId(2) });
        await store.apply([announced(), other]);
        clock.advance(3_001);
        await store.sweep();
        await store.apply([disconnected(other, { reason })]);
        await store.sweep();
        expect(await statusOf()).toBe('unknown');
        const { instances } = await store.instances({ limit: 10 });
        expect(instances.map(({ heardAtMs }) => heardAtMs)).toEqual([clock.now() - 3_001]);
      },
    );

    test('becomes known again with the next event of its adapter if old connections were dropped meanwhile', async () => {
      const { store, clock, statusOf } = await given();
      const past = [3, 4].map((number) =>
        connected({
          device: deviceRef('acme', 'other'),
          connectionId: connectionId(number),
          at: (clock.now() - number * 200_000) as Timestamp,
        }),
      );
      await store.apply([announced(), ...past, ...past.map((begin) => disconnected(begin))]);
      clock.advance(3_001);
      await store.sweep();
      expect(await statusOf()).toBe('unknown');
      expect(await store.dropOld({ defaultMs: 1_000, tenantMs: new Map() })).toBe(1);
      await store.apply([connected({ device: deviceRef('acme', 'other'), connectionId: connectionId(2) })]);
      await store.sweep();
      expect(await statusOf()).toBe('online');
    });

    test('becomes unknown when three of its announcements are missed while its adapter announces others', async () => {
      const { store, clock, statusOf } = await given();
      await store.apply([announced()]);
      for (let round = 0; round < 4; round += 1) {
        clock.advance(1_000);
        await store.apply([announced({ device: deviceRef('acme', 'other'), connectionId: connectionId(2) })]);
        await store.sweep();
        expect(await statusOf()).toBe(round < 3 ? 'online' : 'unknown');
      }
      await store.apply([announced()]);
      expect(await statusOf()).toBe('online');
    });

    test('is counted again with the next event of its adapter, if its device was judged before a sweep', async () => {
      const { store, clock } = await given();
      const at = (id: string, number: number, name = 'thermostat-7') =>
        announced({
          device: deviceRef('acme', name),
          adapter: { ...connected().adapter, id, instance: id },
          connectionId: connectionId(number),
        });
      await store.apply([at('one', 1)]);
      clock.advance(3_001);
      await store.apply([at('two', 2)]);
      const counts = async () =>
        (await store.instances({ limit: 10 })).instances.map(({ connections }) => connections);
      expect(await counts()).toEqual([0, 1]);
      await store.apply([at('one', 3, 'other')]);
      while (await store.sweep());
      expect(await counts()).toEqual([2, 1]);
    });

    test('is checked although many old ones, of devices that have newer ones, come before it, and each sweep ends', async () => {
      const { store, clock } = await given();
      const at = (adapter: string, name: string, number: number, intervalMs = 1_000) =>
        announced({
          device: deviceRef('acme', name),
          connectionId: connectionId(number),
          adapter: { ...connected().adapter, id: adapter },
          announceIntervalMs: intervalMs,
        });
      const moved = Array.from({ length: 1_100 }, (_each, number) => `moved-${number}`);
      await store.apply(moved.map((name, number) => at('first', name, number)));
      await store.apply([at('last', 'lost', 9_000)]);
      await store.apply(moved.map((name, number) => at('next', name, 2_000 + number, 3_600_000)));
      for (let round = 0; round < 4; round += 1) {
        clock.advance(1_000);
        await store.apply([at('first', 'a', 9_001), at('last', 'b', 9_002)]);
      }
      let sweeps = 1;
      while (sweeps < 20 && (await store.sweep())) sweeps += 1;
      expect(sweeps).toBeLessThan(20);
      const found = await store.get([deviceRef('acme', 'lost'), deviceRef('acme', 'moved-0')]);
      expect(found.map(({ presence }) => presence.status)).toEqual(['unknown', 'online']);
    });

    test('becomes unknown when its adapter continues with a new journal', async () => {
      const { store, statusOf } = await given();
      await store.apply([connected()]);
      const later = connected({
        device: deviceRef('acme', 'other'),
        connectionId: connectionId(2),
        epoch: 'ffff000000000000' as Epoch,
        adapter: { type: 'hono-mqtt', id: 'mqtt-0', instance: 'another' },
        journal: { state: 'new' },
      });
      await store.apply([later]);
      await store.sweep();
      expect(await statusOf()).toBe('unknown');
    });

    test('does not become unknown by the time in which the service receives no events', async () => {
      const { store, clock, statusOf } = await given();
      const silent = async () => {
        const { connections } = await store.history(device, { fromMs: 0, toMs: clock.now(), limit: 10 });
        return connections[0]?.silent;
      };
      await store.apply([announced()]);
      store.listening(false);
      for (let interval = 0; interval < 100; interval += 1) {
        clock.advance(1_000);
        await store.noteProgress({ replica: 'one', readThroughMs: 0 });
        await store.sweep();
      }
      expect([await statusOf(), await silent()]).toEqual(['online', false]);
      // The network takes it back at once.
      store.listening(true);
      store.listening(false);
      clock.advance(100_000);
      store.listening(true);
      clock.advance(3_000);
      await store.sweep();
      expect([await statusOf(), await silent()]).toEqual(['online', false]);
      clock.advance(1);
      await store.sweep();
      expect([await statusOf(), await silent()]).toEqual(['unknown', true]);
    });

    test('of an adapter that is heard first after a time without events does not become unknown later than others', async () => {
      const { store, clock, statusOf } = await given();
      await store.apply([announced()]);
      store.listening(false);
      clock.advance(100_000);
      store.listening(true);
      await store.apply([announced()]);
      clock.advance(3_001);
      await store.sweep();
      expect(await statusOf()).toBe('unknown');
    });

    test('does not become unknown when the service is started again after a time without events', async () => {
      const database = await newDatabase();
      const first = await given(database);
      await first.store.apply([announced()]);
      first.store.listening(false);
      first.clock.advance(100_000);
      await first.store.noteProgress({ replica: 'one', readThroughMs: 0 });
      await first.store.close();
      const second = await given(database, first.clock);
      await second.store.sweep();
      expect(await second.statusOf()).toBe('online');
      expect((await second.store.progress()).lastGap).toBeUndefined();
      second.clock.advance(3_001);
      await second.store.sweep();
      expect(await second.statusOf()).toBe('unknown');
    });

    test('does not become unknown by the time in which the service does not run', async () => {
      const database = await newDatabase();
      const first = await given(database);
      await first.store.apply([announced()]);
      first.clock.advance(1_000);
      await first.store.noteProgress({ replica: 'one', readThroughMs: 0 });
      await first.store.close();
      first.clock.advance(100_000);
      const second = await given(database, first.clock);
      await second.store.sweep();
      expect(await second.statusOf()).toBe('online');
      second.clock.advance(2_001);
      await second.store.sweep();
      expect(await second.statusOf()).toBe('unknown');
    });
  });

  test('a database notes a gap if no service followed the events for more than a minute', async () => {
    const database = await newDatabase();
    const clock = new ManualClock('2026-11-28T12:00:00Z');
    const opened = async () => {
      const { store } = await given(database, clock);
      const { lastGap } = await store.progress();
      await store.noteProgress({ replica: 'own', readThroughMs: clock.now() });
      return { store, lastGap };
    };
    const first = await opened();
    expect(first.lastGap).toBeUndefined();
    clock.advance(5_000);
    await first.store.noteProgress({ replica: 'own', readThroughMs: clock.now() });
    const leftMs = clock.now();
    await first.store.close();
    clock.advance(60_000);
    const restarted = await opened();
    expect(restarted.lastGap).toBeUndefined();
    await restarted.store.close();
    clock.advance(60_001);
    const lastGap = { fromMs: leftMs + 60_000, toMs: clock.now() };
    const again = await opened();
    expect(again.lastGap).toEqual(lastGap);
    await again.store.close();
    // The gap stays noted after a restart, and after the clock was set.
    clock.advance(10_000);
    const later = await opened();
    expect(later.lastGap).toEqual(lastGap);
    await later.store.close();
    clock.stepWall(-3_600_000);
    expect((await opened()).lastGap).toEqual(lastGap);
  });
}

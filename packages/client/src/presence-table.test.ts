import { describe, expect, test } from 'vitest';
import {
  announced,
  begun,
  connected,
  device,
  disconnected,
  epochAt,
  givenATable,
} from './testing/told-events.ts';

describe('a device', () => {
  test('is unknown, then online, then offline, each with its facts', () => {
    const { table, apply } = givenATable();
    expect(table.get(device)).toEqual({ status: 'unknown', device, connections: [] });
    const first = connected({ c: 'a', at: 0, slot: 'unit-1' });
    expect(apply(first)[0]).toMatchObject({ before: 'unknown', presence: { status: 'online' } });
    expect(table.get(device)).toMatchObject({
      status: 'online',
      since: begun,
      connections: [{ connectionId: 'a', protocol: 'MQTT 5.0', basis: { detectWithinMs: 90_000 } }],
    });
    const lost = {
      ...disconnected(first, 60, { reason: 'connection-lost' }),
      uncertaintyMs: 1_500,
      clean: false,
    };
    expect(apply(lost)[0]).toMatchObject({ before: 'online', presence: { status: 'offline' } });
    expect(table.get(device)).toMatchObject({
      status: 'offline',
      since: begun + 60_000,
      ending: { reason: 'connection-lost', uncertaintyMs: 1_500, clean: false, connectedAt: begun },
    });
    expect(table.size).toBe(1);
  });

  test('is online as long as one connection is open', () => {
    const { table, apply } = givenATable();
    const [one, other] = [connected({ c: 'a', at: 0 }), connected({ c: 'b', at: 5, adapter: 'http-0' })];
    expect(apply(one, other, disconnected(one, 60))).toEqual([expect.anything(), undefined, undefined]);
    expect(table.get(device)).toMatchObject({ status: 'online', since: begun + 5_000 });
    apply(disconnected(other, 60));
    expect(table.get(device)).toMatchObject({ status: 'offline', since: begun + 65_000 });
  });

  test('is offline when the end of its connection comes before the beginning', () => {
    const { table, apply } = givenATable();
    const first = connected({ c: 'a', at: 0 });
    apply(disconnected(first, 10), first);
    expect(table.get(device).status).toBe('offline');
  });

  test('is online after it came back, in any order of the events', () => {
    const { table, apply } = givenATable();
    const first = connected({ c: 'a', at: 0 });
    apply(connected({ c: 'b', at: 20 }), disconnected(first, 10), first);
    expect(table.get(device)).toMatchObject({ status: 'online', since: begun + 20_000 });
  });

  test('left with the first of two endings of one connection', () => {
    const { table, apply } = givenATable();
    const first = connected({ c: 'a', at: 0 });
    apply(
      disconnected(first, 90, { reason: 'buried', id: 'x' }),
      disconnected(first, 30, { reason: 'adapter-lost' }),
    );
    expect(table.get(device)).toMatchObject({ since: begun + 30_000, ending: { reason: 'adapter-lost' } });
    apply(disconnected(first, 60, { reason: 'buried', id: 'y' }));
    expect(table.get(device)).toMatchObject({ since: begun + 30_000 });
  });

  test('left with the ending of another connection if an earlier ending replaces the latest one', () => {
    const { table, apply } = givenATable();
    const [one, other] = [connected({ c: 'a', at: 0 }), connected({ c: 'b', at: 1 })];
    apply(disconnected(one, 100), disconnected(other, 49), disconnected(one, 10, { id: 'earlier' }));
    expect(table.get(device)).toMatchObject({ since: begun + 50_000, ending: { connectionId: 'b' } });
  });

  test('does not have two connections after it took over its own slot, even if the old end never comes', () => {
    const { table, apply } = givenATable();
    const old = connected({ c: 'a', at: 0, slot: 'unit-1' });
    const within = connected({ c: 'b', at: 60, slot: 'unit-1', adapter: 'mqtt-1' });
    apply(within, old);
    expect(table.get(device)).toMatchObject({ connections: [{ connectionId: 'a' }, { connectionId: 'b' }] });
    const later = connected({ c: 'c', at: 121, slot: 'unit-1', adapter: 'mqtt-2' });
    apply(later);
    expect(table.get(device)).toMatchObject({ connections: [{ connectionId: 'c' }] });
    apply(disconnected(later, 10));
    expect(table.get(device)).toMatchObject({ status: 'offline', since: later.at + 10_000 });
  });

  test('is online with a connection whose epoch was raised above that of the one it took over, in any order', () => {
    const ahead = connected({ c: 'a', at: 0, slot: 'unit-1', skewMs: 300_000 });
    const newer = connected({ c: 'b', at: 10, slot: 'unit-1', adapter: 'mqtt-1' });
    const raised = announced({ ...newer, epoch: epochAt(begun + 300_001) });
    const events = [ahead, newer, disconnected(ahead, 10, { reason: 'taken-over' }), raised];
    for (const order of [events, events.toReversed(), [...events, newer]]) {
      const { table, apply } = givenATable();
      apply(...order);
      expect(table.get(device)).toMatchObject({ status: 'online', connections: [{ connectionId: 'b' }] });
    }
  });

  test('is not taken over by itself when an announcement with its earlier epoch comes late, or again', () => {
    const newer = connected({ c: 'b', at: 10, slot: 'unit-1' });
    const raised = announced({ ...newer, epoch: epochAt(begun + 300_001) });
    const orders = [
      [raised, announced(newer)],
      [newer, raised, announced(newer), raised],
      [announced(newer), raised, newer],
    ];
    for (const order of orders) {
      const { table, apply } = givenATable();
      apply(...order);
      expect(table.get(device)).toMatchObject({ status: 'online', connections: [{ epoch: raised.epoch }] });
    }
  });

  test('takes over its slot with the raised epoch, in any order', () => {
    const left = connected({ c: 'a', at: 200, slot: 'unit-1', adapter: 'mqtt-1' });
    const newer = connected({ c: 'b', at: 10, slot: 'unit-1' });
    const raised = announced({ ...newer, epoch: epochAt(begun + 300_001) });
    for (const order of [
      [newer, raised, left],
      [left, newer, raised],
      [raised, newer, left],
    ]) {
      const { table, apply } = givenATable();
      apply(...order);
      expect(table.get(device)).toMatchObject({ connections: [{ connectionId: 'b' }] });
    }
  });

  test('takes over no connection with another slot, or without one', () => {
    const { table, apply } = givenATable();
    apply(
      connected({ c: 'a', at: 0, slot: 'unit-1' }),
      connected({ c: 'b', at: 600, slot: 'unit-2' }),
      connected({ c: 'c', at: 1_200 }),
      connected({ c: 'd', at: 2_400 }),
    );
    expect(table.get(device)).toMatchObject({ connections: { length: 4 } });
  });
});

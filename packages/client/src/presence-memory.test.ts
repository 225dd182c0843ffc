import { describe, expect, test } from 'vitest';
import {
  announced,
  announcedEvery,
  begun,
  connected,
  device,
  disconnected,
  givenATable,
  hour,
} from './testing/told-events.ts';

describe('a table with several tenants', () => {
  test('keeps devices of the same name apart', () => {
    const { table, apply } = givenATable();
    const [one, other] = [connected({ c: 'a', at: 0 }), connected({ c: 'b', at: 0, tenant: 'other' })];
    apply(one, other, disconnected(one, 10));
    expect([...table.all()].map(({ status }) => status)).toEqual(['online', 'offline']);
    expect([...table.all('acme')].map(({ status }) => status)).toEqual(['offline']);
    expect([...table.all('nobody')]).toEqual([]);
  });

  test('does not count an adapter as silent if its events of one tenant are held up', () => {
    const { clock, table, apply } = givenATable();
    const own = announcedEvery(connected({ c: 'a', at: 0 }), hour);
    const theirs = announcedEvery(connected({ c: 'b', at: 0, tenant: 'other' }), hour);
    const unannounced = connected({ c: 'c', at: 0, tenant: 'third' });
    apply(own, theirs, unannounced);
    for (let round = 0; round < 4; round++) {
      clock.advance(hour);
      apply(own);
    }
    expect(table.get(own.device).status).toBe('online');
    // Nothing was heard about it for three intervals.
    expect(table.get(theirs.device).status).toBe('unknown');
    // This tenant got no announcement yet, and so misses none.
    expect(table.get(unannounced.device).status).toBe('online');
  });

  test('closes nothing of one tenant when it forgets connections of another', () => {
    const { clock, table, apply } = givenATable();
    const own = connected({ c: 'a', at: 100 });
    apply(own, disconnected(own, 10));
    clock.advance(25 * hour);
    const late = connected({ c: 'b', at: 50, tenant: 'other' });
    apply(connected({ c: 'z', at: 90_000, device: 'valve-1' }), late);
    expect(table.get(late.device).status).toBe('online');
  });

  test('relates a new journal to the tenant of its event only', () => {
    const { table, apply } = givenATable();
    const theirs = connected({ c: 'b', at: 0, tenant: 'other', instance: 'first' });
    const next = connected({ c: 'a', at: 60, device: 'valve-1', instance: 'second' });
    apply(theirs, { ...next, journal: { state: 'new' } });
    expect(table.get(theirs.device).status).toBe('online');
  });
});

describe('memory', () => {
  test('of a closed connection keeps it from coming back, even after the horizon', () => {
    const { clock, table, apply } = givenATable();
    const first = connected({ c: 'a', at: 0 });
    apply(first, disconnected(first, 10));
    clock.advance(23 * hour);
    apply(first);
    expect(table.get(device).status).toBe('offline');
    clock.advance(2 * hour);
    apply(connected({ c: 'z', at: 20, device: 'valve-1' }), first);
    expect(table.get(device)).toMatchObject({
      status: 'offline',
      since: begun + 10_000,
      ending: { id: 'a-disconnected' },
    });
    apply(connected({ c: 'b', at: 90_000 }));
    expect(table.get(device).status).toBe('online');
  });

  test('of a forgotten connection keeps those that it took over from coming back', () => {
    const { clock, table, apply } = givenATable();
    const old = connected({ c: 'a', at: 0, slot: 's' });
    const newer = connected({ c: 'b', at: 600, slot: 's', adapter: 'mqtt-1' });
    apply(old, newer, disconnected(newer, 10));
    clock.advance(25 * hour);
    apply(connected({ c: 'z', at: 20, device: 'valve-1' }));
    expect(table.get(device)).toMatchObject({ status: 'offline', ending: { connectionId: 'b' } });
  });

  test('of closed connections is bounded: the oldest are forgotten first', () => {
    const { table, apply } = givenATable({ maxClosed: 10 });
    const all = Array.from({ length: 30 }, (_, index) => connected({ c: `c${index}`, at: index * 10 }));
    for (const each of all) apply(each, disconnected(each, 5));
    apply(...all);
    expect(table.get(device)).toMatchObject({ status: 'offline', since: begun + 295_000 });
  });

  test('of devices is bounded: offline devices without events for longest are forgotten first', () => {
    const { table, apply } = givenATable({ maxDevices: 3 });
    const names = ['one', 'two', 'three', 'four'];
    const [one, two, three, four] = names.map((name, at) => connected({ c: name, at, device: name }));
    if (!one || !two || !three || !four) throw new Error('four were made');
    apply(one, two, disconnected(two, 1), three, four);
    expect([...table.all()].map((each) => `${each.device.device} ${each.status}`)).toEqual([
      'one online',
      'three online',
      'four online',
    ]);
    expect(table.get(two.device).status).toBe('unknown');
    apply(connected({ c: 'five', at: 9, device: 'five' }));
    expect([...table.all()].map((each) => each.device.device)).toEqual(['three', 'four', 'five']);
  });

  test('of the adapters that a device left is bounded', () => {
    const { table, apply } = givenATable();
    const stays = Array.from({ length: 40 }, (_, index) =>
      connected({ c: `c${index}`, at: index * 10, adapter: `mqtt-${index}` }),
    );
    for (const each of stays) apply(each, disconnected(each, 5));
    expect(table.get(device)).toMatchObject({ status: 'offline', since: begun + 395_000 });
  });

  test('of adapters is bounded', () => {
    const { clock, table, apply } = givenATable({ maxAdapters: 1 });
    const first = connected({ c: 'a', at: 0, adapter: 'mqtt-0' });
    apply(announced(first), connected({ c: 'b', at: 0, adapter: 'mqtt-1', device: 'valve-1' }));
    clock.advance(100 * hour);
    expect(table.get(device).status).toBe('online');
  });
});

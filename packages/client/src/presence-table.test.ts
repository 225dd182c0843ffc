import { ManualClock } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Epoch, type EventId, type Timestamp } from '@rollcall/core';
import type {
  HonoConnectionEvent,
  ReceivedConnected,
  ReceivedDisconnected,
  ReceivedEvent,
} from '@rollcall/hono-wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPresenceTable, type PresenceTableOptions } from './presence-table.ts';

const begun = Date.parse('2026-01-01T12:00:00Z');
const hour = 3_600_000;
const device = deviceRef('acme', 'thermostat-7');

interface Facts {
  /** Names the connection. */
  readonly c: string;
  /** Seconds after the beginning. */
  readonly at: number;
  readonly adapter?: string;
  readonly device?: string;
  readonly tenant?: string;
  readonly slot?: string;
  /** By how much the adapter's clock is wrong, in milliseconds. */
  readonly skewMs?: number;
  readonly instance?: string;
}

function epochAt(atMs: number): Epoch {
  return `${atMs.toString(16).padStart(12, '0')}0000` as Epoch;
}

function connected({
  c,
  at,
  adapter = 'mqtt-0',
  device: name = 'thermostat-7',
  tenant = 'acme',
  slot,
  skewMs = 0,
  instance = `${adapter}-1`,
}: Facts): ReceivedConnected {
  const atMs = begun + at * 1_000 + skewMs;
  return {
    type: 'connected',
    id: `${c}-connected` as EventId,
    connectionId: c as ConnectionId,
    epoch: epochAt(atMs),
    device: deviceRef(tenant, name),
    adapter: { type: 'hono-mqtt', id: adapter, instance },
    remoteId: slot ?? 'unit-1',
    at: atMs as Timestamp,
    basis: { kind: 'session', detectWithinMs: 90_000 },
    protocol: 'MQTT 5.0',
    announcement: false,
    data: {},
    ...(slot !== undefined && { slot }),
  };
}

/** The end of a connection, `after` seconds after it began. */
function disconnected(
  event: ReceivedConnected,
  after: number,
  facts: { readonly reason?: string; readonly id?: string } = {},
): ReceivedDisconnected {
  const { reason = 'client-closed', id = `${event.connectionId}-disconnected` } = facts;
  const at = (event.at + after * 1_000) as Timestamp;
  return {
    ...event,
    type: 'disconnected',
    id: id as EventId,
    at,
    connectedAt: event.at,
    lastSeen: at,
    uncertaintyMs: 0,
    reason,
    initiator: 'device',
    clean: true,
  };
}

/** An announcement of version 1.0, which does not say when the next one comes. */
const announced = (event: ReceivedConnected): ReceivedConnected => ({ ...event, announcement: true });

const announcedEvery = (event: ReceivedConnected, announceIntervalMs: number): ReceivedConnected => ({
  ...announced(event),
  announceIntervalMs,
});

function said(cause: HonoConnectionEvent['cause'], name = 'thermostat-7'): HonoConnectionEvent {
  return { type: 'hono', cause, device: deviceRef('acme', name), remoteId: 'unit-1', source: 'hono-mqtt' };
}

function givenATable(options: PresenceTableOptions = {}) {
  const clock = new ManualClock('2026-01-01T12:00:00Z');
  const table = createPresenceTable({ clock, ...options });
  const apply = (...events: readonly (ReceivedEvent | HonoConnectionEvent)[]) =>
    events.map((event) => table.apply(event));
  return { clock, table, apply };
}

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

describe('an adapter', () => {
  test('that falls silent after announcements makes its connections unknown until it is heard again', () => {
    const { clock, table, apply } = givenATable();
    const first = connected({ c: 'a', at: 0 });
    apply(first, announced(first));
    clock.advance(3 * hour);
    expect(table.get(device).status).toBe('online');
    clock.advance(1);
    expect(table.get(device)).toMatchObject({ status: 'unknown', connections: [{ connectionId: 'a' }] });
    apply(connected({ c: 'b', at: 1, device: 'valve-1' }));
    expect(table.get(device).status).toBe('online');
  });

  test('counts as silent after the interval in its announcements', () => {
    const { clock, table, apply } = givenATable();
    const first = connected({ c: 'a', at: 0 });
    apply(first, announcedEvery(first, 60_000));
    clock.advance(180_000);
    expect(table.get(device).status).toBe('online');
    clock.advance(1);
    expect(table.get(device).status).toBe('unknown');
  });

  test('that never announced anything does not count as silent', () => {
    const { clock, table, apply } = givenATable();
    apply(connected({ c: 'a', at: 0 }));
    clock.advance(100 * hour);
    expect(table.get(device).status).toBe('online');
  });
});

describe('a connection that its adapter does not announce any more', () => {
  const [lost, other] = [connected({ c: 'a', at: 0 }), connected({ c: 'b', at: 0, device: 'valve-1' })];

  test('is unknown after three announcements that it missed, while its adapter is heard', () => {
    const { clock, table, apply } = givenATable();
    apply(lost, other, announcedEvery(lost, hour), announcedEvery(other, hour));
    for (const _announcement of [1, 2, 3]) {
      clock.advance(hour);
      apply(announcedEvery(other, hour));
      expect(table.get(device).status).toBe('online');
    }
    clock.advance(1);
    apply(announcedEvery(other, hour));
    expect(table.get(device).status).toBe('unknown');
    expect(table.get(other.device).status).toBe('online');
    apply(announcedEvery(lost, hour));
    expect(table.get(device).status).toBe('online');
  });

  test('is unknown too when it was never announced', () => {
    const { clock, table, apply } = givenATable();
    apply(lost);
    for (let passedMs = 0; passedMs <= 4 * hour; passedMs += hour) {
      apply(announcedEvery(other, hour));
      clock.advance(hour);
    }
    expect(table.get(device).status).toBe('unknown');
  });

  test('stays known to a consumer that was away and finds five hours of announcements in its queue', () => {
    const { clock, table, apply } = givenATable();
    apply(lost, other, announcedEvery(lost, hour), announcedEvery(other, hour));
    clock.advance(5 * hour);
    for (let missed = 0; missed < 5; missed++) {
      apply(announcedEvery(other, hour));
      expect(table.get(device).status).toBe('online');
      apply(announcedEvery(lost, hour));
    }
  });

  test('has the fields of its last announcement', () => {
    const { table, apply } = givenATable();
    const lease = (intervalMs: number): ReceivedConnected => ({
      ...lost,
      basis: { kind: 'lease', intervalMs, from: 'learned' },
    });
    apply(lease(600_000), announced(lease(30_000)), lease(600_000));
    expect(table.get(device)).toMatchObject({ connections: [{ basis: { intervalMs: 30_000 } }] });
    apply({ ...announced(lease(30_000)), adapter: { type: 'hono-mqtt', id: 'mqtt-1', instance: 'i' } });
    expect(table.get(device)).toMatchObject({ connections: [{ adapter: { id: 'mqtt-1' } }] });
  });
});

describe('an adapter that lost its journal', () => {
  const old = connected({ c: 'a', at: 0, instance: 'first' });
  const next = { ...connected({ c: 'b', at: 60, device: 'valve-1', instance: 'second' }) };

  test('makes the open connections of its other instances unknown', () => {
    const { table, apply } = givenATable();
    apply(old, { ...next, journal: { state: 'new' } });
    expect(table.get(device)).toMatchObject({ status: 'unknown', connections: [{ connectionId: 'a' }] });
    expect(table.get(next.device).status).toBe('online');
    apply(disconnected(old, 30, { reason: 'buried' }));
    expect(table.get(device).status).toBe('offline');
  });

  test('has the same effect in every order of the events', () => {
    const { table, apply } = givenATable();
    apply(announced({ ...next, journal: { state: 'new' } }), old);
    expect(table.get(device).status).toBe('unknown');
  });

  test('does not affect its own connections, those of others, and those that others announced since', () => {
    const { table, apply } = givenATable();
    const own = connected({ c: 'c', at: 50, device: 'own', instance: 'second' });
    const elsewhere = connected({ c: 'd', at: 0, device: 'elsewhere', adapter: 'mqtt-1' });
    const moved = connected({ c: 'e', at: 0, device: 'moved', instance: 'first' });
    apply(own, elsewhere, moved, { ...next, journal: { state: 'new' } });
    expect(table.get(own.device).status).toBe('online');
    expect(table.get(elsewhere.device).status).toBe('online');
    expect(table.get(moved.device).status).toBe('unknown');
    apply(announced({ ...moved, adapter: elsewhere.adapter }));
    expect(table.get(moved.device).status).toBe('online');
  });

  test('differs from one that kept its journal', () => {
    const { table, apply } = givenATable();
    apply(old, { ...next, journal: { state: 'kept', follows: 'first' } });
    expect(table.get(device).status).toBe('online');
  });
});

describe('an adapter whose events have no connection-id', () => {
  test('leaves a device unknown, with the last event', () => {
    const { table, apply } = givenATable();
    expect(apply(said('connected'))).toEqual([undefined]);
    expect(table.get(device)).toMatchObject({ status: 'unknown', said: { cause: 'connected' } });
    apply(said('disconnected'));
    expect(table.get(device)).toMatchObject({ status: 'unknown', said: { cause: 'disconnected' } });
  });

  test('does not change a connection that is known to be open', () => {
    const { table, apply } = givenATable();
    apply(connected({ c: 'a', at: 0 }), said('disconnected'));
    expect(table.get(device).status).toBe('online');
  });

  test('makes a device that left elsewhere unknown while it may be connected there', () => {
    const { table, apply } = givenATable();
    const first = connected({ c: 'a', at: 0 });
    apply(first, said('connected'), disconnected(first, 10));
    expect(table.get(device)).toMatchObject({ status: 'unknown', said: { cause: 'connected' } });
    apply(said('disconnected'));
    expect(table.get(device)).toMatchObject({ status: 'offline', since: begun + 10_000 });
  });
});

describe('endings of an adapter whose clock was set back', () => {
  test('are ordered by their epochs, not by their times', () => {
    const { table, apply } = givenATable();
    const [one, other] = [connected({ c: 'a', at: 0 }), connected({ c: 'b', at: 1 })];
    const before = { ...disconnected(one, 3_600), endedEpoch: epochAt(begun + 3_600_000) };
    const after = { ...disconnected(other, 60), endedEpoch: epochAt(begun + 3_700_000) };
    apply(after, before);
    expect(table.get(device)).toMatchObject({ since: begun + 61_000, ending: { connectionId: 'b' } });
  });

  test('give the same since in every order, with endings of version 1.0 and of other adapters among them', () => {
    const ending = fc.record({
      adapter: fc.constantFrom('mqtt-0', 'mqtt-1'),
      at: fc.integer({ min: 0, max: 50 }),
      endedAt: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
    });
    const histories = fc
      .array(ending, { minLength: 1, maxLength: 8 })
      .chain((endings) =>
        fc.tuple(
          fc.constant(endings),
          fc.shuffledSubarray([...endings.keys()], { minLength: endings.length }),
        ),
      );
    fc.assert(
      fc.property(histories, ([endings, order]) => {
        const events = endings.map(({ adapter, at, endedAt }, index) => {
          const ended = disconnected(connected({ c: `c${index}`, at, adapter }), 0, { id: `e${index}` });
          return endedAt === undefined ? ended : Object.assign(ended, { endedEpoch: epochAt(endedAt) });
        });
        const { table, apply } = givenATable();
        apply(...order.flatMap((index) => events[index] ?? []));
        const greatest = (of: readonly number[]): readonly number[] =>
          of.length > 0 ? [Math.max(...of)] : [];
        const sinces = ['mqtt-0', 'mqtt-1'].flatMap((adapter) => {
          const own = events.filter((event) => event.adapter.id === adapter);
          const lastEpoch = own
            .flatMap(({ endedEpoch }) => endedEpoch ?? [])
            .toSorted()
            .at(-1);
          const last = own.filter(({ endedEpoch }) => endedEpoch !== undefined && endedEpoch === lastEpoch);
          const old = own.filter(({ endedEpoch }) => endedEpoch === undefined);
          return greatest(last.map(({ at }) => at)).concat(greatest(old.map(({ at }) => at)));
        });
        expect(table.get(device)).toMatchObject({ since: Math.max(...sinces) });
      }),
      { seed: 20_261_128, numRuns: 2_000 },
    );
  });
});

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

describe('the presence', () => {
  interface Stay extends Facts {
    /** Seconds it lasted; absent where it goes on. */
    readonly lasted: number | undefined;
    /** A second ending, e.g. one that was buried and came back. */
    readonly endsTwice: boolean;
    readonly isAnnounced: boolean;
    /** The adapter to which it moves: from then on that one announces it. */
    readonly movedTo: string | undefined;
    /** By how much its epoch was raised when it was announced, in milliseconds. */
    readonly raisedMs: number;
  }

  /** What really happened: connections of three devices over three adapters whose clocks differ. */
  const history = fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 20_000 }),
      lasted: fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined }),
      device: fc.constantFrom('one', 'two', 'three'),
      adapter: fc.constantFrom('mqtt-0', 'mqtt-1', 'mqtt-2'),
      slot: fc.option(fc.constantFrom('unit-1', 'unit-2'), { nil: undefined }),
      endsTwice: fc.boolean(),
      isAnnounced: fc.boolean(),
      movedTo: fc.option(fc.constantFrom('mqtt-0', 'mqtt-1', 'mqtt-2'), { nil: undefined }),
      raisedMs: fc.constantFrom(0, 0, 30_000, 300_000),
    }),
    { maxLength: 12 },
  );
  const skews: Readonly<Record<string, number>> = { 'mqtt-0': 0, 'mqtt-1': 5_000, 'mqtt-2': -20_000 };

  function stays(generated: readonly Omit<Stay, 'c' | 'slot'>[]): readonly Stay[] {
    return generated.map((each, index) => ({
      ...each,
      c: `c${index}`,
      skewMs: skews[each.adapter ?? ''] ?? 0,
    }));
  }

  function eventsOf(stay: Stay): readonly ReceivedEvent[] {
    const begin = connected(stay);
    const known = { ...begin, epoch: epochOf(stay) };
    const ends = stay.lasted === undefined ? [] : [disconnected(known, stay.lasted)];
    const again =
      stay.lasted === undefined || !stay.endsTwice
        ? []
        : [disconnected(known, stay.lasted + 7, { id: `${stay.c}-again` })];
    return [begin, ...announcementsOf(stay), ...ends, ...again];
  }

  /** The announcements of one connection, all from the adapter that has it. */
  function announcementsOf(stay: Stay): readonly ReceivedConnected[] {
    const { isAnnounced, movedTo, raisedMs } = stay;
    const begin = connected(stay);
    const at =
      movedTo === undefined ? begin.adapter : { ...begin.adapter, id: movedTo, instance: `${movedTo}-1` };
    const again = announced({ ...begin, adapter: at });
    return [
      ...(isAnnounced || movedTo !== undefined ? [again] : []),
      ...(raisedMs > 0 ? [{ ...again, epoch: epochOf(stay) }] : []),
    ];
  }

  /** The greatest epoch in its events. */
  function epochOf(stay: Stay): Epoch {
    return epochAt(connected(stay).at + stay.raisedMs);
  }

  /** The rule, applied to all events at once. */
  function truth(
    all: readonly Stay[],
    name: string,
  ): { readonly online: readonly (readonly string[])[]; readonly offlineSince: number | undefined } {
    const ofDevice = all
      .filter(({ device: each }) => each === name)
      .map((stay) => ({ stay, event: connected(stay) }));
    const epochMs = (stay: Stay): number => Number.parseInt(epochOf(stay).slice(0, 12), 16);
    const online = ofDevice.filter(
      ({ stay }) =>
        stay.lasted === undefined &&
        !ofDevice.some(
          (other) =>
            stay.slot !== undefined &&
            other.stay.slot === stay.slot &&
            epochMs(other.stay) > epochMs(stay) + 60_000,
        ),
    );
    const ends = ofDevice.flatMap(({ stay, event }) =>
      stay.lasted === undefined ? [] : [event.at + stay.lasted * 1_000],
    );
    return {
      online: online
        .map(({ stay }) => [stay.c, stay.movedTo ?? stay.adapter ?? '', epochOf(stay)])
        .toSorted(inOrder),
      offlineSince: online.length > 0 || ends.length === 0 ? undefined : Math.max(...ends),
    };
  }

  test('is right after any order and any repetition of the events', () => {
    const shuffled = history.chain((generated) => {
      const all = stays(generated);
      const events = all.flatMap(eventsOf);
      return fc.record({
        all: fc.constant(all),
        events: fc
          .tuple(
            fc.shuffledSubarray(events, { minLength: events.length }),
            events.length === 0 ? fc.constant([]) : fc.array(fc.constantFrom(...events), { maxLength: 20 }),
          )
          .chain(([whole, again]) =>
            fc.shuffledSubarray([...whole, ...again], { minLength: whole.length + again.length }),
          ),
      });
    });
    fc.assert(
      fc.property(shuffled, ({ all, events }) => {
        const { table, apply } = givenATable();
        apply(...events);
        for (const name of ['one', 'two', 'three']) {
          const presence = table.get(deviceRef('acme', name));
          const { online, offlineSince } = truth(all, name);
          const seen =
            presence.status === 'online'
              ? presence.connections.map(({ connectionId, adapter, epoch }) => [
                  connectionId,
                  adapter.id,
                  epoch,
                ])
              : [];
          expect(seen.toSorted(inOrder)).toEqual(online);
          expect(presence.status === 'offline' ? presence.since : undefined).toBe(offlineSince);
        }
      }),
      { seed: 20_261_124, numRuns: 2_000 },
    );
  });
});

function inOrder([one = '']: readonly string[], [other = '']: readonly string[]): number {
  return one < other ? -1 : 1;
}

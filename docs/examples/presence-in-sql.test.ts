import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { createPresenceTable } from '@rollcall/client';
import { ManualClock } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type Epoch, type EventId, type Timestamp } from '@rollcall/core';
import type { HonoConnectionEvent, ReceivedConnected, ReceivedEvent } from '@rollcall/hono-wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEvent, schema, statement, type Database } from './presence-in-sql.ts';

const begun = Date.parse('2026-01-01T12:00:00Z');
const hour = 3_600_000;
const devices = ['one', 'two'];

function givenBoth() {
  const clock = new ManualClock();
  const table = createPresenceTable({ clock });
  const sqlite = new DatabaseSync(':memory:');
  sqlite.exec(schema);
  const prepared = new Map<string, StatementSync>();
  const database: Database = {
    run(sql, values) {
      const known = prepared.get(sql) ?? sqlite.prepare(sql);
      prepared.set(sql, known);
      return known.all(Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value])));
    },
  };
  const nowMs = (): number => clock.monotonic();
  return {
    clock,
    apply(event: ReceivedEvent | HonoConnectionEvent) {
      table.apply(event);
      applyEvent(database, event, nowMs());
    },
    forget() {
      for (const name of ['forget-taken-over', 'forget'])
        database.run(statement(name), [nowMs() - 24 * hour]);
    },
    inMemory: () =>
      devices.map((name) => {
        const presence = table.get(deviceRef('acme', name));
        const { status } = presence;
        return status === 'unknown' ? [name, status, null] : [name, status, presence.since];
      }),
    inDatabase() {
      const rows = new Map(database.run(statement('presence'), [nowMs()]).map((row) => [row['device'], row]));
      return devices.map((name) => [
        name,
        rows.get(name)?.['status'] ?? 'unknown',
        rows.get(name)?.['since'] ?? null,
      ]);
    },
  };
}

const epochAt = (atMs: number, count: number): Epoch =>
  `${atMs.toString(16).padStart(12, '0')}${count.toString(16).padStart(4, '0')}` as Epoch;

interface Stay {
  /** Seconds. */
  readonly at: number;
  readonly device: string;
  readonly adapter: string;
  readonly source: string;
  readonly instance: string;
  readonly slot: string | undefined;
  readonly ends: readonly {
    readonly after: number;
    readonly ordered: boolean;
    readonly epochAfter: number;
    readonly reason: string;
  }[];
  /** `null`: never; `undefined`: as version 1.0 does. */
  readonly announces: number | undefined | null;
  readonly isNew: boolean;
  /** The adapter that announces it, where that is another. */
  readonly movedTo?: string | undefined;
  /** By how many seconds its epoch was raised meanwhile, as its announcement and its endings say. */
  readonly raisedBy?: number;
}

const stay: fc.Arbitrary<Stay> = fc.record<Stay>({
  at: fc.integer({ min: 0, max: 300 }),
  device: fc.constantFrom(...devices),
  adapter: fc.constantFrom('mqtt-0', 'mqtt-1'),
  source: fc.constantFrom('hono-mqtt', 'hono-amqp'),
  instance: fc.constantFrom('first', 'second'),
  slot: fc.option(fc.constantFrom('s', 't'), { nil: undefined }),
  ends: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    {
      weight: 4,
      arbitrary: fc.array(
        fc.record({
          after: fc.integer({ min: 0, max: 200 }),
          ordered: fc.boolean(),
          epochAfter: fc.integer({ min: 0, max: 200 }),
          reason: fc.constantFrom('client-closed', 'adapter-lost', 'buried', 'taken-over'),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    },
  ),
  announces: fc.option(fc.constantFrom(undefined, hour, 2 * hour), { nil: null }),
  isNew: fc.boolean(),
  movedTo: fc.option(fc.constantFrom('mqtt-0', 'mqtt-1'), { nil: undefined }),
  raisedBy: fc.constantFrom(0, 0, 300),
});

function eventsOf(each: Stay, index: number): readonly ReceivedEvent[] {
  const atMs = begun + each.at * 1_000;
  const connected: ReceivedConnected = {
    type: 'connected',
    id: `c${index}` as EventId,
    connectionId: `connection-${index}` as ConnectionId,
    epoch: epochAt(atMs, index),
    device: deviceRef('acme', each.device),
    adapter: { type: each.source, id: each.adapter, instance: each.instance },
    remoteId: each.device,
    at: atMs as Timestamp,
    basis: { kind: 'session', detectWithinMs: null },
    protocol: 'MQTT 5.0',
    announcement: false,
    data: {},
    ...(each.slot !== undefined && { slot: each.slot }),
    ...(each.isNew && { journal: { state: 'new' } }),
  };
  const { announces, ends, movedTo, raisedBy = 0 } = each;
  const raised = { ...connected, epoch: epochAt(atMs + raisedBy * 1_000, index) };
  return [
    connected,
    ...(announces === null
      ? []
      : [
          {
            ...raised,
            ...(movedTo !== undefined && { adapter: { ...connected.adapter, id: movedTo } }),
            announcement: true,
            ...(announces !== undefined && { announceIntervalMs: announces }),
          },
        ]),
    ...ends.map(({ after, ordered, epochAfter, reason }, end): ReceivedEvent =>
      Object.assign({}, raised, {
        type: 'disconnected' as const,
        id: `d${index}-${end}` as EventId,
        at: (atMs + after * 1_000) as Timestamp,
        connectedAt: connected.at,
        lastSeen: connected.at,
        uncertaintyMs: 0,
        reason,
        initiator: 'device',
        clean: true,
        ...(ordered && { endedEpoch: epochAt(atMs + epochAfter * 1_000, index * 2 + end) }),
      }),
    ),
  ];
}

const saidOf = (cause: HonoConnectionEvent['cause'], name: string): HonoConnectionEvent => ({
  type: 'hono',
  cause,
  device: deviceRef('acme', name),
  remoteId: name,
  source: 'hono-mqtt',
});

test('the database says what the table in memory says, whatever comes, and however often', () => {
  const history = fc.array(stay, { minLength: 1, maxLength: 6 }).chain((stays) => {
    const events = stays.flatMap(eventsOf);
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom<ReceivedEvent | HonoConnectionEvent>(...events) },
      { weight: 1, arbitrary: fc.constantFrom(saidOf('connected', 'one'), saidOf('disconnected', 'one')) },
      { weight: 3, arbitrary: fc.constantFrom(1_000, hour, 2 * hour) },
    );
    return fc.array(step, { minLength: 20, maxLength: 40 });
  });
  fc.assert(
    fc.property(history, (steps) => {
      const { clock, apply, inMemory, inDatabase } = givenBoth();
      let elapsedMs = 0;
      for (const each of steps) {
        if (typeof each !== 'number') apply(each);
        // Later than a day after its end, neither promises anything.
        else if (elapsedMs + each < 24 * hour) {
          clock.advance(each);
          elapsedMs += each;
        }
        expect(inDatabase()).toEqual(inMemory());
      }
    }),
    { seed: 20_261_128, numRuns: 200 },
  );
});

test('a connection whose epoch was raised above that of the one it took over is open, in any order', () => {
  const facts = {
    device: 'one',
    source: 'hono-mqtt',
    instance: 'first',
    slot: 's',
    announces: null,
    isNew: false,
  };
  const [ahead, gone] = eventsOf(
    {
      ...facts,
      adapter: 'mqtt-0',
      at: 300,
      ends: [{ after: 1, ordered: true, epochAfter: 1, reason: 'client-closed' }],
    },
    0,
  );
  const [newer] = eventsOf({ ...facts, adapter: 'mqtt-1', at: 10, ends: [] }, 1);
  if (!ahead || !gone || newer?.type !== 'connected') throw new Error('they are there');
  const raised = { ...newer, announcement: true, epoch: epochAt(begun + 301_000, 1) };
  for (const order of [
    [ahead, newer, gone, raised],
    [raised, gone, newer, ahead],
    [ahead, raised, newer, gone, newer],
  ]) {
    const { apply, inMemory, inDatabase } = givenBoth();
    for (const event of order) apply(event);
    expect(inDatabase()[0]).toEqual(['one', 'online', newer.at]);
    expect(inDatabase()).toEqual(inMemory());
  }
});

test('an ending says by which epoch its connection took others over, although no announcement said so', () => {
  const facts = {
    device: 'one',
    source: 'hono-mqtt',
    instance: 'first',
    slot: 's',
    announces: null,
    isNew: false,
  };
  const [lost] = eventsOf({ ...facts, adapter: 'mqtt-0', at: 200, ends: [] }, 0);
  const ends = [{ after: 1, ordered: true, epochAfter: 1, reason: 'client-closed' }];
  const [newer, gone] = eventsOf({ ...facts, adapter: 'mqtt-1', at: 10, ends, raisedBy: 300 }, 1);
  if (!lost || !newer || !gone) throw new Error('they are there');
  for (const order of [
    [lost, newer, gone],
    [gone, newer, lost],
    [newer, gone, lost],
  ]) {
    const { apply, inMemory, inDatabase } = givenBoth();
    for (const event of order) apply(event);
    expect(inDatabase()[0]).toEqual(['one', 'offline', gone.at]);
    expect(inDatabase()).toEqual(inMemory());
  }
});

test('a lease that moved is known, however long its new adapter announces already, in any order', () => {
  const facts = { source: 'hono-http', instance: 'first', slot: undefined, ends: [], isNew: false, at: 0 };
  const other = eventsOf({ ...facts, device: 'two', adapter: 'http-1', announces: hour }, 0);
  const lease = { ...facts, device: 'one', adapter: 'http-0', announces: hour, movedTo: 'http-1' };
  const [begin, moved] = eventsOf(lease, 1);
  if (!begin || !moved) throw new Error('they are there');
  for (const order of [
    [begin, moved],
    [moved, begin],
    [begin, moved, begin],
  ]) {
    const { clock, apply, inMemory, inDatabase } = givenBoth();
    for (let hours = 0; hours < 72; hours += 1) {
      for (const event of other) apply(event);
      clock.advance(hour);
    }
    for (const event of order) apply(event);
    expect(inDatabase()[0]).toEqual(['one', 'online', begin.at]);
    expect(inDatabase()).toEqual(inMemory());
  }
});

test('what is forgotten after a day changes nothing', () => {
  const { clock, apply, forget, inMemory, inDatabase } = givenBoth();
  const facts = {
    device: 'one',
    source: 'hono-mqtt',
    adapter: 'mqtt-0',
    instance: 'first',
    announces: null,
    isNew: false,
  };
  const stays: readonly Stay[] = [
    { ...facts, at: 0, slot: 's', ends: [] },
    // Takes the first one over, whose end never comes.
    {
      ...facts,
      at: 100,
      slot: 's',
      ends: [{ after: 10, ordered: true, epochAfter: 10, reason: 'client-closed' }],
    },
    {
      ...facts,
      at: 105,
      slot: undefined,
      ends: [{ after: 1, ordered: true, epochAfter: 1, reason: 'client-closed' }],
    },
    { ...facts, device: 'two', at: 110, slot: undefined, ends: [] },
  ];
  for (const event of stays.flatMap(eventsOf)) apply(event);
  const before = [
    ['one', 'offline', begun + 110_000],
    ['two', 'online', begun + 110_000],
  ];
  expect(inDatabase()).toEqual(before);
  clock.advance(25 * hour);
  forget();
  expect(inDatabase()).toEqual(before);
  expect(inMemory()).toEqual(before);
  forget();
  expect(inDatabase()).toEqual(before);
});

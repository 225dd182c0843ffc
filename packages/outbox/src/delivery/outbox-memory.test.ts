import {
  anEnding,
  anOutboundEvent,
  ManualClock,
  RecordingSink,
  seededRandom,
  settled,
  recordingLog,
} from '@rollcall/conformance';
import { deviceRef, type ConnectionId } from '@rollcall/core';
import type { Delivery, OutboundEvent } from '@rollcall/core/sink';
import { afterEach, describe, expect, test } from 'vitest';
import type { Journal } from '../journal/journal.ts';
import { createMemoryJournal } from '../journal/memory-journal.ts';
import { createHoldingJournal } from '../testing/holding-journal.ts';
import type { Outbox, OutboxBounds } from './outbox-contract.ts';
import { createOutbox } from './outbox.ts';

const retryable: Delivery = { status: 'retryable', cause: new Error('not now') };
const running: Outbox[] = [];

afterEach(async () => {
  for (const outbox of running.splice(0)) await outbox.close();
});

function givenAnOutbox(
  journal: Journal,
  bounds: Partial<OutboxBounds> = {},
  sink = new RecordingSink('events'),
  ...others: readonly RecordingSink[]
) {
  const clock = new ManualClock();
  const log = recordingLog();
  let leftOut = 0;
  const outbox = createOutbox({
    sinks: [sink, ...others],
    journal,
    clock,
    random: seededRandom(1),
    log,
    bounds: { maxEvents: 100_000, maxBytes: 100_000_000, maxMemoryBytes: 100_000, ...bounds },
    backoff: { firstMs: 100, maxMs: 5_000 },
    window: 8,
    sendAfterMs: 1_000,
    observer: { delivered() {}, retried() {}, parked() {}, leftOut: () => (leftOut += 1) },
  });
  running.push(outbox);
  return { clock, log, outbox, sink, leftOutSoFar: () => leftOut };
}

function half(id: string, connection: string, device: string, tenant = 'acme'): OutboundEvent {
  return anOutboundEvent(id, { device: deviceRef(tenant, device), connectionId: connection as ConnectionId });
}

/** Both events of a connection: `a+` and `a-`. */
function pair(connection: string, device: string, tenant?: string): readonly [OutboundEvent, OutboundEvent] {
  const connected = half(`${connection}+`, connection, device, tenant);
  const { event, downstream } = half(`${connection}-`, connection, device, tenant);
  return [connected, { event: anEnding(event), downstream }];
}

const idsOf = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);

describe('an outage with a journal', () => {
  test('takes a bounded part of memory; then everything comes back from the journal, as it was, in order', async () => {
    const journal = createHoldingJournal();
    const { outbox, clock, sink } = givenAnOutbox(journal);
    sink.answer = () => retryable;
    const told: OutboundEvent[] = [];
    for (let round = 0; round < 50; round++)
      for (let device = 0; device < 20; device++) told.push(...pair(`${device}.${round}`, `d${device}`));
    for (const each of told) void outbox.append(each);
    await clock.advanceAsync(10_000);
    expect(outbox.depth()).toMatchObject([{ events: 2_000 }]);
    // The bound, and 69 bytes for each event in twice as many rows.
    expect(outbox.memoryBytes()).toBeLessThan(100_000 + 2 * 2_000 * 69);

    const delivered: OutboundEvent[] = [];
    sink.answer = (outbound) => {
      delivered.push(outbound);
      return { status: 'delivered' };
    };
    await clock.advanceAsync(10_000);
    for (let turn = 0; turn < 200 && outbox.depth()[0]?.events !== 0; turn++) await settled();
    for (let device = 0; device < 20; device++) {
      const of = (events: readonly OutboundEvent[]) =>
        events.filter(({ event }) => event.device.device === `d${device}`);
      expect(of(delivered)).toEqual(of(told));
    }
    expect(journal.forgotten.toSorted((one, other) => one - other)).toEqual(
      told.map((_, index) => index + 1),
    );
    expect(outbox.memoryBytes()).toBeLessThan(20_000);
  });

  test('read-ahead: events of one device are not read one by one', async () => {
    const journal = createHoldingJournal();
    const { outbox, clock, sink } = givenAnOutbox(journal);
    sink.answer = () => retryable;
    for (let event = 0; event < 400; event++) void outbox.append(half(`e${event}`, `c${event}`, 'd1'));
    await clock.advanceAsync(1_000);
    sink.answer = () => ({ status: 'delivered' });
    await clock.advanceAsync(10_000);
    for (let turn = 0; turn < 2_000 && outbox.depth()[0]?.events !== 0; turn++) await settled();
    expect(sink.events).toHaveLength(400);
    expect(journal.reads.length).toBeLessThan(40);
  });

  test('while the network is up nothing is read back', async () => {
    const journal = createHoldingJournal();
    const { outbox, sink } = givenAnOutbox(journal);
    for (let round = 0; round < 200; round++) {
      for (const each of pair(`c${round}`, `d${round % 5}`)) void outbox.append(each);
      await settled();
    }
    await settled();
    expect(sink.events).toHaveLength(400);
    expect(journal.reads).toEqual([]);
  });

  test('a journal that cannot be read delays events, and loses none', async () => {
    const journal = createHoldingJournal();
    const { outbox, clock, sink } = givenAnOutbox(journal);
    const pending = ['a', 'b'].map((name) => journal.left(half(name, name, 'd1'), ['events']));
    journal.unreadable = true;
    for (const each of pending) expect(outbox.resume('events', each)).toBe(true);
    await clock.advanceAsync(20_000);
    expect(outbox.depth()).toMatchObject([{ events: 2 }]);
    journal.unreadable = false;
    await clock.advanceAsync(10_000);
    expect(idsOf(sink.events)).toEqual(['a', 'b']);
  });

  test('an event that the journal has lost is logged, and does not delay others of its device', async () => {
    const journal = createHoldingJournal();
    const { outbox, log, sink } = givenAnOutbox(journal);
    const [lost, next] = ['lost', 'next'].map((name) => journal.left(half(name, name, 'd1'), ['events']));
    if (!lost || !next) throw new Error('nothing was left');
    journal.lose(lost.place);
    for (const each of [lost, next]) outbox.resume('events', each);
    for (let turn = 0; turn < 5; turn++) await settled();
    expect(idsOf(sink.events)).toEqual(['next']);
    expect(log.lines).toMatchObject([{ level: 'error', facts: { events: 1 } }]);
    expect(outbox.depth()).toMatchObject([{ events: 0, bytes: 0 }]);
  });
});

describe('events that an earlier incarnation left', () => {
  test('are sent before new ones, and nothing is sent before all of them are known', async () => {
    const journal = createHoldingJournal();
    const { outbox, sink } = givenAnOutbox(journal);
    const begin = outbox.hold();
    expect(outbox.resume('events', journal.left(half('old', 'c0', 'd1'), ['events']))).toBe(true);
    void outbox.append(half('new', 'c1', 'd1'));
    await settled();
    expect(sink.attempts).toEqual([]);
    begin();
    for (let turn = 0; turn < 5; turn++) await settled();
    expect(idsOf(sink.events)).toEqual(['old', 'new']);
  });

  test('are never left out, and make no other tenant give way', async () => {
    const journal = createHoldingJournal();
    const { outbox, leftOutSoFar } = givenAnOutbox(journal, { maxEvents: 10 });
    outbox.hold();
    for (const each of pair('calm', 'd1', 'umbrella')) void outbox.append(each);
    for (let event = 0; event < 100; event++)
      outbox.resume('events', journal.left(half(`e${event}`, `c${event}`, `d${event}`), ['events']));
    for (const each of pair('calm2', 'd2', 'umbrella')) void outbox.append(each);
    expect(leftOutSoFar()).toBe(0);
    expect(outbox.depth()).toMatchObject([{ events: 104 }]);
  });

  test('stay in the journal if they are for a sink that is not configured', () => {
    const journal = createHoldingJournal();
    const { outbox } = givenAnOutbox(journal);
    expect(outbox.resume('hook', journal.left(half('e', 'c', 'd'), ['hook']))).toBe(false);
  });
});

describe('at the bound', () => {
  test("a tenant that flaps loses its own connections, and no other tenant's; the log has one line for all of them", async () => {
    const { outbox, clock, sink, log, leftOutSoFar } = givenAnOutbox(createHoldingJournal(), {
      maxEvents: 100,
    });
    sink.answer = () => retryable;
    const begin = outbox.hold();
    const calm = Array.from({ length: 20 }, (_, index) =>
      pair(`calm${index}`, `d${index}`, 'umbrella'),
    ).flat();
    for (const each of calm) void outbox.append(each);
    for (let index = 0; index < 1_000; index++)
      for (const each of pair(`c${index}`, `d${index % 7}`, 'acme')) void outbox.append(each);
    expect(leftOutSoFar()).toBe(970);
    expect(outbox.depth()).toMatchObject([{ events: 100 }]);
    for (let device = 0; device < 20; device++)
      expect(outbox.coalescedOf(deviceRef('umbrella', `d${device}`))).toBe(0);
    const counts = Array.from({ length: 7 }, (_, device) =>
      outbox.coalescedOf(deviceRef('acme', `d${device}`)),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(970);
    expect(log.lines).toHaveLength(1);

    sink.answer = () => ({ status: 'delivered' });
    begin();
    await clock.advanceAsync(60_000);
    const delivered = sink.events.filter(({ device }) => device.tenant === 'umbrella');
    expect(idsOf(delivered).toSorted()).toEqual(idsOf(calm.map(({ event }) => event)).toSorted());
  });

  test('of a hundred tenants, each flapping, none has less than its share, nor more', () => {
    const { outbox } = givenAnOutbox(createHoldingJournal(), { maxEvents: 1_000 });
    outbox.hold();
    for (let round = 0; round < 50; round++)
      for (let tenant = 0; tenant < 100; tenant++)
        for (const each of pair(`${tenant}.${round}`, 'd', `t${tenant}`)) void outbox.append(each);
    const left = Array.from({ length: 100 }, (_, tenant) => outbox.coalescedOf(deviceRef(`t${tenant}`, 'd')));
    // Five pairs of each wait, or one more or less.
    for (const count of left) expect(Math.abs(count - 45)).toBeLessThanOrEqual(1);
  });
});

describe('events that only memory has', () => {
  test.each([
    ['without a journal', createMemoryJournal()],
    ['while the journal stores nothing', Object.assign(createHoldingJournal(), { holding: false })],
  ])('are bounded by bytes: connections are left out, and counted (%s)', async (_, journal) => {
    const { outbox, clock, sink, leftOutSoFar } = givenAnOutbox(journal);
    sink.answer = () => retryable;
    for (let index = 0; index < 1_000; index++)
      for (const each of pair(`c${index}`, `d${index % 50}`)) void outbox.append(each);
    expect(outbox.memoryBytes()).toBeLessThan(150_000);
    expect(leftOutSoFar()).toBeGreaterThan(900);
    const waiting = outbox.depth()[0]?.events ?? 0;
    expect(waiting + 2 * leftOutSoFar()).toBe(2_000);
    sink.answer = () => ({ status: 'delivered' });
    await clock.advanceAsync(60_000);
    expect(sink.events).toHaveLength(waiting);
    expect(outbox.memoryBytes()).toBeLessThan(20_000);
  });

  test('are left out for all sinks together, since an event that one sink needs stays', () => {
    const sink = (name: string) => new RecordingSink(name, () => retryable);
    const { outbox } = givenAnOutbox(createMemoryJournal(), {}, sink('one'), sink('two'));
    for (let index = 0; index < 500; index++)
      for (const each of pair(`c${index}`, `d${index % 10}`)) void outbox.append(each);
    const [one, two] = outbox.depth();
    expect(one?.events).toBeGreaterThan(20);
    expect(two?.events).toBe(one?.events);
    expect(outbox.memoryBytes()).toBeLessThan(150_000);
  });

  test('give way; events that the journal holds leave memory instead, and come back', async () => {
    const journal = createHoldingJournal();
    const { outbox, clock, sink, leftOutSoFar } = givenAnOutbox(journal);
    sink.answer = () => retryable;
    for (let index = 0; index < 100; index++)
      for (const each of pair(`held${index}`, `d${index}`)) void outbox.append(each);
    journal.holding = false;
    for (let index = 0; index < 500; index++)
      for (const each of pair(`pinned${index}`, `d${index % 50}`)) void outbox.append(each);
    expect(leftOutSoFar()).toBeGreaterThan(400);
    journal.holding = true;
    sink.answer = () => ({ status: 'delivered' });
    await clock.advanceAsync(60_000);
    for (let turn = 0; turn < 100; turn++) await settled();
    expect(sink.events.filter(({ id }) => id.startsWith('held'))).toHaveLength(200);
  });
});

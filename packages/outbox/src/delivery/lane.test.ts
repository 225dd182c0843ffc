import { anOutboundEvent, ManualClock, recordingLog, seededRandom, settled } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { Delivery, EventSink, OutboundEvent } from '@rollcall/core/sink';
import { expect, test } from 'vitest';
import { Bodies } from './bodies.ts';
import { Lane } from './lane.ts';
import { WaitingEvents } from './waiting-events.ts';

const retryable: Delivery = { status: 'retryable', cause: new Error('not now') };
const unreachable: Delivery = { status: 'retryable', cause: new Error('no route'), unreachable: true };

/** A sink whose answers the test gives, in the order of its calls. */
function answeredSink() {
  const asked: { readonly id: string; answer(delivery: Delivery): void; fail(error: unknown): void }[] = [];
  const sink: EventSink = {
    name: 'answered',
    deliver: ({ event: { id } }) =>
      new Promise((resolve, reject) => asked.push({ id, answer: resolve, fail: reject })),
    async close() {},
  };
  return { sink, asked };
}

/** @param read how the journal reads events that are not in memory; default: it has none. */
function givenALane({ window = 4, read = async () => [undefined] as (OutboundEvent | undefined)[] } = {}) {
  const clock = new ManualClock();
  const waiting = new WaitingEvents();
  const bodies = new Bodies({ holds: () => true, read }, 1_000_000);
  const { sink, asked } = answeredSink();
  const log = recordingLog();
  const told: string[] = [];
  const context = {
    tenant: 'acme',
    sink,
    waiting,
    bodies,
    clock,
    log,
    window,
    random: seededRandom(1),
    backoff: { firstMs: 100, maxMs: 5_000 },
    signal: new AbortController().signal,
    isHeld: false,
    maySend: () => !context.isHeld,
    tried: ({ outbound, delivery }: { outbound: OutboundEvent; delivery: Delivery }) =>
      told.push(`${outbound.event.id} ${delivery.status}`),
    lost: () => told.push('lost'),
    isOfOthers: [] as readonly string[],
    isWithdrawn: (event: ConnectionEvent) => context.isOfOthers.includes(event.id),
    withdrawn() {},
    released: (bytes: number) => told.push(`released ${bytes}`),
  };
  const lane = new Lane(context);
  let place = 0;

  function append(id: string, device: number, { inMemory = true } = {}): void {
    place += 1;
    if (inMemory)
      bodies.keep(place, anOutboundEvent(id, { device: deviceRef('acme', `d${device}`) }), 1, undefined);
    lane.append({ place, at: place, device, bytes: 10 });
  }
  return { lane, append, asked, told, lines: log.lines, clock, context };
}

const idsOf = (asked: readonly { readonly id: string }[]): string[] => asked.map(({ id }) => id);

test('a lane sends up to its window of devices at a time, and one event of each', async () => {
  const { append, asked, lane } = givenALane({ window: 2 });
  append('a1', 1);
  append('a2', 1);
  append('b1', 2);
  append('c1', 3);
  await settled();
  expect(idsOf(asked)).toEqual(['a1', 'b1']);
  asked[0]?.answer({ status: 'delivered' });
  await settled();
  expect(idsOf(asked)).toEqual(['a1', 'b1', 'c1']);
  asked[1]?.answer({ status: 'delivered' });
  await settled();
  expect(idsOf(asked)).toEqual(['a1', 'b1', 'c1', 'a2']);
  expect([lane.events, lane.bytes]).toEqual([2, 20]);
});

test('a lane sends nothing while the outbox is held', async () => {
  const { append, asked, lane, context } = givenALane();
  context.isHeld = true;
  append('a1', 1);
  await settled();
  expect(asked).toEqual([]);
  context.isHeld = false;
  lane.pump();
  await settled();
  expect(idsOf(asked)).toEqual(['a1']);
});

test('a lane reports the outcome of an event before it releases the event', async () => {
  const { append, asked, told, lane } = givenALane();
  append('a1', 1);
  append('b1', 2);
  await settled();
  asked[0]?.answer({ status: 'delivered' });
  asked[1]?.answer({ status: 'refused', cause: new Error('not allowed') });
  await settled();
  expect(told).toEqual(['a1 delivered', 'released 10', 'b1 refused', 'released 10']);
  expect([lane.events, lane.isRefused]).toEqual([0, true]);
});

test('three failures in a row pause a lane, and one event that gets through opens it for all that were unreachable', async () => {
  const { append, asked, clock, lane } = givenALane({ window: 8 });
  for (const [index, id] of ['a1', 'b1', 'c1'].entries()) append(id, index);
  await settled();
  for (const each of asked.splice(0)) each.answer(unreachable);
  await settled();
  append('d1', 9);
  await settled();
  expect(asked).toEqual([]);
  expect(lane.mayAnnounce(10)).toBe(false);
  await clock.advanceAsync(100);
  expect(idsOf(asked)).toHaveLength(1);
  asked.splice(0)[0]?.answer({ status: 'delivered' });
  await settled();
  expect(idsOf(asked)).toHaveLength(3);
  expect(lane.mayAnnounce(10)).toBe(true);
});

test('an event that its sink puts off waits as long as the sink asks for, and other devices do not', async () => {
  const { append, asked, clock } = givenALane();
  append('a1', 1);
  await settled();
  asked.splice(0)[0]?.answer({ ...retryable, retryAfterMs: 3_000 });
  await settled();
  append('b1', 2);
  await settled();
  expect(idsOf(asked.splice(0))).toEqual(['b1']);
  await clock.advanceAsync(2_999);
  expect(asked).toEqual([]);
  await clock.advanceAsync(1);
  expect(idsOf(asked)).toEqual(['a1']);
});

test('an event that others publish leaves its failures to no later one', async () => {
  const { append, asked, clock, context, lane } = givenALane();
  append('a1', 1);
  for (let failures = 0; failures < 10; failures++) {
    await settled();
    asked.splice(0)[0]?.answer(retryable);
    await clock.advanceAsync(5_000);
  }
  context.isOfOthers = ['a1'];
  asked.splice(0)[0]?.answer(retryable);
  append('c1', 3);
  await clock.advanceAsync(5_000);
  asked.splice(0)[0]?.answer({ status: 'delivered' });
  await clock.advanceAsync(5_000);
  expect([asked, lane.events]).toEqual([[], 0]);
  append('b1', 2);
  await settled();
  asked.splice(0)[0]?.answer(retryable);
  await settled();
  await clock.advanceAsync(100);
  expect(idsOf(asked)).toEqual(['b1']);
});

test('announcements are sent again once the events that failed are published by others', async () => {
  const { append, asked, clock, context, lane } = givenALane();
  append('a1', 1);
  for (let failures = 0; failures < 3; failures++) {
    await settled();
    asked.splice(0)[0]?.answer(unreachable);
    await clock.advanceAsync(5_000);
  }
  append('a2', 2);
  context.isOfOthers = ['a1', 'a2'];
  asked.splice(0)[0]?.answer(unreachable);
  await settled();
  expect(lane.mayAnnounce(9)).toBe(false);
  await clock.advanceAsync(5_000);
  expect([asked, lane.events, lane.mayAnnounce(9)]).toEqual([[], 0, true]);
});

test('a lane that still has an event is not out of trouble because another one is published by others', async () => {
  const { append, asked, clock, context, lane } = givenALane({ window: 16 });
  append('a1', 1);
  append('b1', 2);
  await settled();
  for (const each of asked.splice(0)) each.answer(unreachable);
  context.isOfOthers = ['a1'];
  await clock.advanceAsync(5_000);
  expect([idsOf(asked), lane.events, lane.mayAnnounce(9)]).toEqual([['b1'], 1, false]);
});

test('a sink that rejects is logged, and its event is sent again', async () => {
  const { append, asked, clock, lines } = givenALane();
  append('a1', 1);
  await settled();
  asked.splice(0)[0]?.fail(new Error('broken'));
  await settled();
  expect(lines).toMatchObject([{ message: 'event sink broke its contract: deliver() rejected' }]);
  await clock.advanceAsync(100);
  expect(idsOf(asked)).toEqual(['a1']);
});

test('an event that neither memory nor journal has is lost, and the next of its device is sent', async () => {
  const { append, asked, told } = givenALane();
  append('a1', 1, { inMemory: false });
  append('a2', 1);
  await settled();
  expect(told).toEqual(['lost', 'released 10']);
  expect(idsOf(asked)).toEqual(['a2']);
});

test('an event that the journal cannot read now is read again later', async () => {
  let reads = 0;
  const { append, asked, told, clock } = givenALane({
    async read() {
      reads += 1;
      if (reads === 1) throw new Error('disk I/O error');
      return [anOutboundEvent('a1')];
    },
  });
  append('a1', 1, { inMemory: false });
  await settled();
  expect([asked, told]).toEqual([[], []]);
  await clock.advanceAsync(100);
  expect(idsOf(asked)).toEqual(['a1']);
});

test('a lane that is stopped sends nothing, arms nothing, and still reports the outcome of events in flight', async () => {
  const { append, asked, told, clock, lane } = givenALane();
  append('a1', 1);
  append('b1', 2);
  await settled();
  const [first, second] = asked.splice(0);
  first?.answer(retryable);
  await settled();
  expect(clock.armed).toBe(1);
  lane.stop();
  second?.answer(retryable);
  append('c1', 3);
  await settled();
  expect([clock.armed, asked]).toEqual([0, []]);
  expect(told).toEqual(['a1 retryable', 'b1 retryable']);
});

import { ManualClock } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { Delivery } from '@rollcall/core/sink';
import { afterEach, expect, test } from 'vitest';
import { startLeases } from '../testing/start-leases.ts';
import { startScripted } from '../testing/start-scripted.ts';
import type { AdapterInTest, TestSetting } from '../testing/start-for-test.ts';

const running: AdapterInTest[] = [];
afterEach(async () => {
  for (const adapter of running.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

/** A sink that can be away, and an outbox with room for few events. */
function givenANetwork(
  maxEvents: number,
): { isAway: boolean } & Required<Pick<TestSetting, 'settings' | 'answer'>> {
  const network = {
    isAway: false,
    settings: { outbox: { maxEvents, maxBytes: 1_000_000 } },
    answer: (): Delivery =>
      network.isAway ? { status: 'retryable', cause: new Error('away') } : { status: 'delivered' },
  };
  return network;
}

/** How many connections of a device an application can count. */
function counted(events: readonly ConnectionEvent[]): number {
  const begun = events.filter(({ type }) => type === 'connected').length;
  return begun + events.reduce((sum, { coalesced = 0 }) => sum + coalesced, 0);
}

const inShort = (events: readonly ConnectionEvent[]): readonly string[] =>
  events.map(({ type, coalesced }) => `${type === 'connected' ? '+' : '-'}${coalesced ?? ''}`);

test('connections that were taken over in an outage and left out are counted once, on the first of two events', async () => {
  const network = givenANetwork(4);
  const adapter = await startScripted(network);
  running.push(adapter);
  const { begin, clock, sink } = adapter;
  const first = await begin();
  await clock.advanceAsync(0);
  network.isAway = true;
  first.connection.report({ type: 'end', change: { reason: 'client-closed' } });
  for (let time = 0; time < 6; time++) await begin();
  await clock.advanceAsync(0);
  network.isAway = false;
  await clock.advanceAsync(10_000);
  expect(inShort(sink.events)).toEqual(['+', '-', '+2', '-', '+2']);
  expect(counted(sink.events)).toBe(7);
  // The next connection ends the latest one: that ending comes first, and has what is left to report.
  const before = sink.events.length;
  await begin();
  await clock.advanceAsync(0);
  const after = inShort(sink.events.slice(before));
  expect(after.map((each) => each[0])).toEqual(['-', '+']);
  expect(after[1]).toBe('+');
  expect(counted(sink.events)).toBe(8);
});

test('what an incarnation says of its journal comes again where the first event to a tenant is left out', async () => {
  const clock = new ManualClock();
  const fleet = new MemoryFleet(clock);
  const { settings } = givenANetwork(4);
  const adapter = await startScripted({ settings, clock, directory: fleet.create });
  running.push(adapter);
  // Nothing is sent while the adapter may have been declared dead.
  const proveAlive = fleet.doubt(adapter.running.identity.instance);
  for (let time = 0; time < 6; time++) {
    const { connection } = await adapter.begin();
    connection.report({ type: 'end', change: { reason: 'client-closed' } });
  }
  proveAlive();
  await clock.advanceAsync(1_000);
  await adapter.begin();
  await clock.advanceAsync(1_000);
  const { events } = adapter.sink;
  expect(counted(events)).toBe(7);
  expect(events.some(({ journal }) => journal?.state === 'new')).toBe(true);
});

// What goes beyond the bound is the beginning of a connection, or its end: the other one counts what was left out.
test.each([
  [4, 'alone'],
  [5, 'alone'],
  [4, 'in a fleet'],
  [5, 'in a fleet'],
] as const)(
  'leases that were left out for want of room are counted once, by whatever follows (%i events, %s)',
  async (maxEvents, where) => {
    const network = givenANetwork(maxEvents);
    const clock = new ManualClock();
    const fleet = where === 'in a fleet' ? new MemoryFleet(clock) : undefined;
    const adapter = await startLeases({ ...network, clock, ...(fleet && { directory: fleet.create }) });
    running.push(adapter);
    const { request, goodbye, sink } = adapter;
    const comeAndGo = async (): Promise<void> => {
      await request();
      await clock.advanceAsync(1);
      await goodbye();
      await clock.advanceAsync(1);
    };
    network.isAway = true;
    for (let time = 0; time < 6; time++) await comeAndGo();
    network.isAway = false;
    await clock.advanceAsync(10_000);
    await comeAndGo();
    expect(counted(sink.events), inShort(sink.events).join()).toBe(7);
    const counting = sink.events.filter(({ coalesced }) => coalesced !== undefined).map(({ type }) => type);
    expect(new Set(counting)).toEqual(new Set([maxEvents % 2 === 0 ? 'disconnected' : 'connected']));
  },
);

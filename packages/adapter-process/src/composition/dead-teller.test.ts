import { anEvent, ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { ScriptedRegistry } from '@rollcall/conformance/registry';
import type { ConnectionId, Timestamp } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import type { ConnectedEvent, ConnectionEvent } from '@rollcall/core/events';
import type { DeadInstance, OwedEnding } from '@rollcall/core/directory';
import { ResourceStack } from '@rollcall/runtime';
import { beforeEach, expect, test } from 'vitest';
import { tellForTheDead } from './tell-for-the-dead.ts';

// What an adapter takes over of the endings of others, and what it leaves for later.
const minute = 60_000;
const basis = { kind: 'lease', intervalMs: minute, from: 'default' } as const;

let clock: ManualClock;
let waiting: number;
let relayed: (readonly ConnectionEvent[])[];
let confirm: ((isConfirmed: boolean) => void)[];
let dead: DeadInstance;
/** By the clock of the engine, which is the one here unless a test sets it. */
let tell: (
  dead: DeadInstance,
  owed: readonly OwedEnding[],
  now?: Timestamp,
) => Promise<readonly ConnectionId[]>;

beforeEach(async () => {
  clock = new ManualClock();
  waiting = 0;
  relayed = [];
  confirm = [];
  const event = connected('one');
  const now = clock.now();
  dead = { identity: event.adapter, aliveAt: now, declaredAt: (now + 10_000) as Timestamp };
  clock.advance(10_000);
  type Arguments = Parameters<typeof tellForTheDead>;
  const context = {
    clock,
    random: seededRandom(1),
    log: silentLog,
    settings: { deadAfterMs: 10_000, outbox: { maxEvents: 100, maxBytes: 1 } },
  } as unknown as Arguments[1];
  const delivery = {
    relay(events: readonly ConnectionEvent[]) {
      relayed.push(events);
      return new Promise<boolean>((resolve) => confirm.push(resolve));
    },
    outbox: { depth: () => [{ events: waiting }], stopRelaying() {} },
  } as unknown as Arguments[2]['delivery'];
  await tellForTheDead(
    (given) => {
      tell = (of, owed, engineNow = clock.now()) => given.tell(of, owed, engineNow);
      return Promise.resolve({ stop: () => Promise.resolve() });
    },
    context,
    { delivery, registry: new ScriptedRegistry(), counts: { declared() {}, told() {} } },
    new ResourceStack(),
  );
});

function connected(id: string): ConnectedEvent {
  return anEvent(id, { connectionId: id as ConnectionId, at: clock.now(), basis });
}

const session = (id: string): OwedEnding => ({
  event: { ...connected(id), basis: { kind: 'session', detectWithinMs: null } },
  unconfirmed: false,
  reason: 'adapter-lost',
});

const lease = (leftMs: number): OwedEnding => ({
  event: { ...connected('lease'), at: dead.aliveAt },
  unconfirmed: false,
  reason: 'adapter-lost',
  lease: { slot: 'sensor', state: { basis, silentMs: 0, leftMs } },
});

test('a lease is told once it has run out by what its holder noted, and by when that last lived', async () => {
  void tell(dead, [lease(0)]);
  await settled();
  expect(relayed, 'its holder may have heard the device when it last lived').toEqual([]);
  clock.advance(minute - 10_000);
  void tell(dead, [lease(1)]);
  await settled();
  expect(relayed, 'another adapter may go on with it').toEqual([]);
  void tell(dead, [lease(0)]);
  await settled();
  expect(relayed).toMatchObject([[{ type: 'disconnected', reason: 'adapter-lost' }]]);
});

test.each([
  ['shorter', 20_000],
  ['longer', 3_600_000],
])(
  'an interval that became %s since the lease began decides when it is told, and what',
  async (_, intervalMs) => {
    const { event, ...facts } = lease(0);
    const current = { kind: 'lease', intervalMs, from: 'learned' } as const;
    const began = (dead.aliveAt - 7_200_000) as Timestamp;
    const owed: OwedEnding = {
      ...{ ...facts, event: { ...event, at: began } },
      lease: { slot: 'sensor', state: { basis: current, silentMs: 0, leftMs: 0 } },
    };
    clock.advance(intervalMs - 10_000 - 1);
    void tell(dead, [owed]);
    await settled();
    expect(relayed, 'its device may have been heard when its holder last lived').toEqual([]);
    clock.advance(1);
    void tell(dead, [owed]);
    await settled();
    const at = dead.aliveAt + intervalMs;
    const lastSeen = dead.aliveAt - intervalMs;
    expect(relayed).toMatchObject([[{ at, basis: current, lastSeen, uncertaintyMs: at - lastSeen }]]);
  },
);

test.each([
  ['before the interval, as when it waits: it was heard then', -10 * minute, -10 * minute],
  ['within the interval: that is what is known', -1, -minute],
])('a lease whose device was heard, as noted, %s', async (_, heardAt, lastSeen) => {
  const { event, ...facts } = lease(0);
  const began = (dead.aliveAt - 120 * minute) as Timestamp;
  const noted = { slot: 'sensor', state: { basis, silentMs: 0, leftMs: 0 } };
  clock.advance(minute);
  void tell(dead, [
    {
      ...facts,
      event: { ...event, at: began },
      lease: { ...noted, heardAt: (dead.aliveAt + heardAt) as Timestamp },
    },
  ]);
  await settled();
  const at = dead.aliveAt + minute;
  expect(relayed).toMatchObject([
    [{ at, lastSeen: dead.aliveAt + lastSeen, uncertaintyMs: minute - lastSeen }],
  ]);
});

test("the engine's clock says when a lease has run out, wherever the clock here is", async () => {
  const ranOut = (dead.aliveAt + minute) as Timestamp;
  clock.stepWall(5 * minute);
  void tell(dead, [lease(0)], (ranOut - 1) as Timestamp);
  await settled();
  expect(relayed).toEqual([]);
  clock.stepWall(-10 * minute);
  void tell(dead, [lease(0)], ranOut);
  await settled();
  expect(relayed).toHaveLength(1);
});

test('a lease whose place another one has is told at once: nobody goes on with it', async () => {
  void tell(dead, [{ ...lease(30_000), reason: 'taken-over' }]);
  await settled();
  expect(relayed).toMatchObject([[{ type: 'disconnected', reason: 'taken-over', at: dead.declaredAt }]]);
});

test('a lease is told as soon where the clock of its holder was ahead', async () => {
  const { event, ...facts } = lease(0);
  const at = (dead.declaredAt + 5 * minute) as Timestamp;
  clock.advance(minute - 10_000);
  void tell(dead, [{ ...facts, event: { ...event, at } }]);
  await settled();
  expect(relayed, 'it did not end before it began').toMatchObject([[{ type: 'disconnected', at }]]);
});

test('endings of the dead have half of the outbox: the rest is for the devices here', async () => {
  waiting = 50;
  expect(await tell(dead, [session('one')])).toEqual([]);
  expect(relayed).toEqual([]);
  waiting = 49;
  void tell(dead, [session('one')]);
  await settled();
  expect(relayed).toHaveLength(1);
});

test('no more than 2,000 endings are on their way at a time; what is, is waited for again', async () => {
  const owed = Array.from({ length: 2_500 }, (_, index) => session(`unit-${index}`));
  const first = tell(dead, owed);
  await settled();
  expect(relayed).toHaveLength(2_000);
  const again = tell(dead, owed);
  await settled();
  expect(relayed, 'the same ones are not begun again').toHaveLength(2_000);
  for (const done of confirm) done(true);
  const told = owed.slice(0, 2_000).map(({ event }) => event.connectionId);
  expect(await first).toEqual(told);
  expect(await again).toEqual(told);
});

test('what was given up is told anew when it comes again', async () => {
  const first = tell(dead, [session('one')]);
  await settled();
  confirm[0]?.(false);
  expect(await first).toEqual([]);
  const again = tell(dead, [session('one')]);
  await settled();
  expect(relayed).toHaveLength(2);
  expect(relayed[1]).toEqual(relayed[0]);
  confirm[1]?.(true);
  expect(await again).toEqual(['one']);
});

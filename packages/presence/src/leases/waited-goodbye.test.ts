import { ManualClock, seededRandom } from '@rollcall/conformance';
import { deviceRef, type Instant } from '@rollcall/core';
import type { AuthenticatedDevice } from '@rollcall/access';
import { later } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import type { ConnectionDescription } from '../host-presence.ts';
import { track } from '../tracking/track.ts';
import { createLeaseBook } from './lease-book.ts';
import { leaseTracker, plainLease, type LeaseSignal } from './lease-tracker.ts';
import { createRhythmStore } from './rhythm-store.ts';

// What may have waited until it was read: it is known from when to when it arrived, and no more.

const terms = { defaultMs: 60_000, minLearnedMs: 10_000, maxLearnedMs: 3_600_000, ttdGraceMs: 5_000 };
const tracker = leaseTracker(plainLease);
const begin = 1_000_000 as Instant;

/** A device that made a request at the beginning; each step is what arrived, and when its turn came. */
function after(steps: readonly (readonly [atMs: number, signal: LeaseSignal])[]) {
  let { state } = tracker.reduce(tracker.initial, { type: 'request', terms }, begin);
  ({ state } = tracker.reduce(state, { type: 'answered' }, begin));
  const changes = steps.flatMap(([atMs, signal]) => {
    const step = tracker.reduce(state, signal, later(begin, atMs));
    ({ state } = step);
    return step.changes;
  });
  return { changes, presence: tracker.presence(state) };
}

const waited = (fromMs: number, toMs: number) => ({
  heardAt: later(begin, fromMs),
  readAt: later(begin, toMs),
});

test('a goodbye came between its earliest time and when it was read, and not at the earliest', () => {
  const random = seededRandom(1);
  for (let round = 0; round < 500; round += 1) {
    const [fromMs, waitMs, turnMs] = [1 + random.pick(5_000), random.pick(5_000), random.pick(5_000)];
    const cameMs = fromMs + random.pick(waitMs + 1);
    const arrival = waited(fromMs, fromMs + waitMs);
    const at = fromMs + waitMs + turnMs;
    const signs: readonly LeaseSignal[] = [
      { type: 'request', terms, ...arrival },
      { type: 'goodbye', ...arrival },
    ];
    const { changes } = after(signs.map((sign) => [at, sign] as const));
    const [ending] = changes;
    if (ending?.type !== 'disconnected') throw new Error('no ending');
    const { lastSeen, endedAt = later(begin, at) } = ending;
    expect(lastSeen).toBeLessThanOrEqual(begin + cameMs);
    expect(endedAt).toBeGreaterThanOrEqual(begin + cameMs);
    expect(endedAt, 'however late its turn came').toBe(arrival.readAt);
  }
});

test('a request that was read after a goodbye brings its device back, although it may have come before', () => {
  const { changes, presence } = after([
    [1_000, { type: 'goodbye' }],
    [3_000, { type: 'request', terms, ...waited(0, 3_000) }],
  ]);
  expect(changes.map(({ type }) => type)).toEqual(['disconnected', 'connected']);
  expect(presence?.lastSeen).toBe(begin);
});

test('a request that was read before a goodbye that waited does not bring its device back', () => {
  const { changes } = after([
    [3_000, { type: 'goodbye', ...waited(0, 3_000) }],
    [4_000, { type: 'request', terms, ...waited(1_000, 2_000) }],
  ]);
  expect(changes.map(({ type }) => type)).toEqual(['disconnected']);
});

test('a goodbye to another adapter counts from when it was read there', () => {
  const goodbye: LeaseSignal = {
    type: 'heard-elsewhere',
    sign: { kind: 'goodbye', ageMs: 100, waitedMs: 3_000 },
  };
  const heardHere: LeaseSignal = { type: 'heard', ...waited(1_000, 1_000) };
  const { changes } = after([
    [1_000, heardHere],
    [3_100, goodbye],
  ]);
  expect(changes).toMatchObject([{ lastSeen: begin + 1_000, endedAt: begin + 3_000 }]);
  // Here the device was back, although that may have waited.
  const back: LeaseSignal = { type: 'request', terms, ...waited(0, 3_050) };
  expect(
    after([
      [3_050, back],
      [3_100, goodbye],
    ]).changes,
  ).toEqual([]);
});

test('a sign at another adapter keeps the lease from when it was read there', () => {
  const sign = { kind: 'heard', ageMs: 100, waitedMs: 3_000 } as const;
  const { presence } = after([
    [1_000, { type: 'heard' }],
    [3_100, { type: 'heard-elsewhere', sign }],
  ]);
  expect(presence).toMatchObject({
    lastSeen: begin + 1_000,
    lease: { until: begin + 3_000 + terms.defaultMs },
  });
});

test('a device whose request began no lease has none: a goodbye after it is none of a device that was there', () => {
  const { clock, told, book, identity, admitted } = givenABook();
  const lease = obtained();
  const heardAt = clock.monotonic();
  lease.report({ type: 'request', terms });
  clock.advance(1_000);
  lease.report({ type: 'goodbye' });
  expect(book.held(identity)).toBeUndefined();
  // when
  obtained().report({ type: 'request', terms, heardAt });
  // then
  expect(book.held(identity)).toBeUndefined();
  const before = admitted();
  obtained().report({ type: 'request', terms });
  expect(admitted()).toBe(before + 1);
  expect(book.held(identity)).toBeDefined();
  expect(told).toEqual(['connected', 'disconnected', 'connected']);

  function obtained() {
    const found = book.obtain(identity, { protocol: 'HTTP/1.1' });
    if ('reason' in found) throw new Error('refused');
    return found;
  }
});

/** The book of an adapter that tells what its trackers say. */
function givenABook() {
  const clock = new ManualClock();
  const told: string[] = [];
  let admitted = 0;
  const identity: AuthenticatedDevice = {
    device: deviceRef('acme', 'thermostat-7'),
    authId: 'thermostat-7',
    tenant: { id: 'acme' } as AuthenticatedDevice['tenant'],
  };
  const book = createLeaseBook(
    {
      access: { admit: () => void (admitted += 1) },
      presence: {
        open(opened, description: ConnectionDescription) {
          const { report } = track(opened, clock, (change) => {
            told.push(change.type);
            if (change.type === 'disconnected') description.onDisconnected?.(change);
          });
          return { report, committed: async () => {} };
        },
      },
      leases: {
        survive: false,
        areShared: false,
        restored: [],
        resume: () => expect.unreachable(),
        rhythms: createRhythmStore(10, []),
      },
    },
    plainLease,
    true,
  );
  return { clock, told, book, identity, admitted: () => admitted };
}

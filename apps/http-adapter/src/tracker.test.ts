import { track } from '@rollcall/presence';
import type { LeaseTerms } from '@rollcall/presence/leases';
import { describeTracker, ManualClock, seededRandom } from '@rollcall/conformance';
import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { Change, CommonSignal } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { httpTracker, type HttpSignal } from './tracker.ts';

const minute = 60_000;
const hour = 60 * minute;
const terms: LeaseTerms = {
  defaultMs: 10 * minute,
  minLearnedMs: 30_000,
  maxLearnedMs: 24 * hour,
  ttdGraceMs: 10_000,
};
const declared: LeaseTerms = { ...terms, declaredMs: 90_000 };
const now = 10_000_000 as Instant;
type Phase = 'absent' | 'present';
const basis = { kind: 'lease', intervalMs: 90_000, from: 'declared' } as const;

const signals = {
  request: { type: 'request', terms: declared },
  heard: { type: 'heard' },
  answered: { type: 'answered' },
  withdrawn: { type: 'withdrawn' },
  goodbye: { type: 'goodbye' },
  paused: { type: 'paused' },
  resumed: { type: 'resumed' },
  'heard-elsewhere': { type: 'heard-elsewhere', sign: { kind: 'heard', ageMs: 0 } },
  'goes-on': { type: 'goes-on', state: { basis, silentMs: 0, leftMs: 60_000 }, rhythm: {} },
  ended: { type: 'ended', reason: 'access-revoked' },
  deadline: { type: 'deadline' },
} as const satisfies Record<string, HttpSignal | CommonSignal>;

const present = {
  phase: 'present',
  lease: { rhythm: {}, basis, lastSeen: later(now, -90_000), until: now, openRequests: 0 },
} as const satisfies typeof httpTracker.initial;

// Every phase × every signal: the next phase, and what is published. A new phase or signal does not compile until its
// cell is filled in. `present` is at the end of its lease, so that the deadline is due.
const table = {
  absent: {
    request: ['present', 'connected'],
    heard: ['absent', 'nothing'],
    answered: ['absent', 'nothing'],
    withdrawn: ['absent', 'nothing'],
    goodbye: ['absent', 'nothing'],
    paused: ['absent', 'nothing'],
    resumed: ['absent', 'nothing'],
    'heard-elsewhere': ['absent', 'nothing'],
    'goes-on': ['present', 'nothing'],
    ended: ['absent', 'nothing'],
    deadline: ['absent', 'nothing'],
  },
  present: {
    request: ['present', 'nothing'],
    heard: ['present', 'nothing'],
    answered: ['present', 'nothing'],
    withdrawn: ['present', 'nothing'],
    goodbye: ['absent', 'client-closed'],
    paused: ['present', 'nothing'],
    resumed: ['present', 'nothing'],
    'heard-elsewhere': ['present', 'nothing'],
    'goes-on': ['present', 'nothing'],
    ended: ['absent', 'access-revoked'],
    deadline: ['absent', 'inactive'],
  },
} as const satisfies Record<
  Phase,
  Record<HttpSignal['type'] | CommonSignal['type'], readonly [Phase, string]>
>;

const published = (changes: readonly Change[]): string =>
  changes.map((change) => (change.type === 'connected' ? 'connected' : change.reason)).join() || 'nothing';

describe.each(Object.keys(table) as (keyof typeof table)[])('given %s', (phase) => {
  test.each(Object.keys(signals) as (keyof typeof signals)[])('when %s', (type) => {
    const state: typeof httpTracker.initial = phase === 'absent' ? { phase, rhythm: {} } : present;
    const step = httpTracker.reduce(state, signals[type], now);
    expect([step.state.phase, published(step.changes)]).toEqual(table[phase][type]);
  });
});

test('a request waits for its answer once it is whole: until then, silence is silence', () => {
  const clock = new ManualClock();
  const seen: string[] = [];
  const { report } = track(httpTracker, clock, (change) => seen.push(published([change])));
  report({ type: 'request', terms: declared, part: 'head' });
  clock.advance(60_000);
  report({ type: 'request', terms: declared, part: 'rest' });
  clock.advance(10 * minute);
  expect(seen).toEqual(['connected']);
  report({ type: 'answered' });
  report({ type: 'request', terms: declared, part: 'head' });
  clock.advance(90_000);
  expect(seen).toEqual(['connected', 'inactive']);
  report({ type: 'request', terms: declared, part: 'rest' });
  expect(seen).toEqual(['connected', 'inactive', 'connected']);
});

describeTracker('HTTP', httpTracker, [
  // What goes on without a beginning began before. Deadlines and ends come anyway.
  ...Object.values(signals).filter(
    (signal) => signal.type !== 'deadline' && signal.type !== 'ended' && signal.type !== 'goes-on',
  ),
  { type: 'request', terms },
  { type: 'request', terms: { ...terms, ttdMs: 30_000 } },
]);

/** A device on a manual clock; what is published stands in `seen` with the second it happened in. */
function givenADevice({ loopIsLate = false } = {}) {
  const clock = new ManualClock();
  const begun = clock.monotonic();
  const changes: (Change & { readonly at: Instant })[] = [];
  const emit = (change: Change, at: Instant): void => void changes.push({ ...change, at });
  const { report } = track(httpTracker, clock, emit, {
    loop: { deafUntil: () => (loopIsLate ? later(clock.monotonic(), 1_000) : undefined) },
  });
  const request = (facts: LeaseTerms = terms): void => {
    report({ type: 'request', terms: facts });
    report({ type: 'heard' });
    report({ type: 'answered' });
  };
  const seen = (): readonly string[] =>
    changes.map((change) => `${(change.at - begun) / 1_000} ${published([change])}`);
  const flaps = (): number => changes.filter(({ type }) => type === 'disconnected').length;
  return { clock, report, request, changes, seen, flaps };
}

describe('an HTTP lease', () => {
  test('runs out when no request renews it, and the event says how long it was', () => {
    const { clock, request, seen, changes } = givenADevice();
    request(declared);
    clock.advance(60_000);
    request(declared);
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '150 inactive']);
    const until = clock.monotonic() - hour + 90_000;
    expect(changes[1]).toMatchObject({ at: until, until, lastSeen: until - 90_000, basis });
  });

  test('begins again with the next request after it ran out', () => {
    const { clock, request, seen } = givenADevice();
    request(declared);
    clock.advance(hour);
    request(declared);
    expect(seen()).toEqual(['0 connected', '90 inactive', '3600 connected']);
  });

  test('does not run out while a request waits for its answer, and is whole again after it', () => {
    const { clock, report, seen } = givenADevice();
    report({ type: 'request', terms: declared });
    clock.advance(hour);
    report({ type: 'answered' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '3690 inactive']);
  });

  test('is renewed by the last answer where two requests are open', () => {
    const { clock, report, seen } = givenADevice();
    report({ type: 'request', terms: declared });
    report({ type: 'request', terms: declared });
    report({ type: 'answered' });
    clock.advance(hour);
    report({ type: 'answered' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '3690 inactive']);
  });

  test('is never shorter than the time a device waits for a command, nor shortened by it', () => {
    const { clock, request, changes, seen } = givenADevice();
    request({ ...terms, declaredMs: 20_000, ttdMs: 60_000 });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '70 inactive']);
    expect(changes[1]).toMatchObject({ basis: { intervalMs: 70_000, from: 'ttd' } });
    request({ ...declared, ttdMs: 5_000 });
    clock.advance(hour);
    expect(changes[3]).toMatchObject({ basis });
  });

  test('says within what time silence is told, also of a request beside one that waits for a command', () => {
    const { clock, report, changes, seen } = givenADevice();
    report({ type: 'request', terms: { ...declared, ttdMs: 3_600_000 } });
    clock.advance(600_000);
    report({ type: 'request', terms: declared });
    report({ type: 'answered' });
    clock.advance(3_000_000);
    report({ type: 'answered' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '3690 inactive']);
    // It was silent for 50 minutes until the answer, and for the interval after it.
    expect(changes[1]).toMatchObject({ basis: { intervalMs: 90_000, detectWithinMs: 3_090_000 } });
    report({ type: 'request', terms: declared });
    expect(changes[2]).toMatchObject({ basis: { detectWithinMs: 90_000 } });
  });

  test('says how long a silence may be once a request had waited for its answer, until the next request', () => {
    const { clock, report, request, changes } = givenADevice();
    report({ type: 'request', terms: declared });
    report({ type: 'request', terms: declared });
    clock.advance(2_000);
    report({ type: 'answered' });
    clock.advance(3_000);
    report({ type: 'answered' });
    clock.advance(hour);
    expect(changes[1]).toMatchObject({ basis: { intervalMs: 90_000, detectWithinMs: 95_000 } });
    report({ type: 'request', terms: declared });
    clock.advance(2_000);
    report({ type: 'answered' });
    request(declared);
    clock.advance(hour);
    expect(changes[3]).toMatchObject({ basis: { detectWithinMs: 90_000 } });
  });

  test('says how long a silence may be after a time in which the adapter could not hear devices', () => {
    const { clock, request, report, changes } = givenADevice();
    request(declared);
    clock.advance(10_000);
    report({ type: 'paused' });
    clock.advance(hour);
    report({ type: 'resumed' });
    clock.advance(hour);
    const { lastSeen, at } = changes[1] as { lastSeen: number; at: number };
    expect(at - lastSeen).toBe(hour + 90_000);
    expect(changes[1]).toMatchObject({ basis: { intervalMs: 90_000, detectWithinMs: hour + 90_000 } });
  });

  test('is not begun by a request that had arrived before the goodbye', () => {
    const { clock, report, request, seen } = givenADevice();
    request(declared);
    const heardAt = clock.monotonic();
    clock.advance(1_000);
    report({ type: 'goodbye' });
    report({ type: 'request', terms: declared, heardAt });
    clock.advance(1_000);
    request(declared);
    expect(seen()).toEqual(['0 connected', '1 client-closed', '2 connected']);
  });

  test('counts from when the bytes of a request arrived, however long its authentication took', () => {
    const { clock, report, request, changes } = givenADevice();
    request(declared);
    clock.advance(10_000);
    const heardAt = clock.monotonic();
    clock.advance(5_000);
    report({ type: 'request', terms: declared, heardAt });
    report({ type: 'ended', reason: 'access-revoked' });
    expect(changes[1]).toMatchObject({ lastSeen: heardAt });
    // Nothing that is told later was heard earlier.
    request(declared);
    const lastSeen = clock.monotonic();
    report({ type: 'heard', heardAt });
    report({ type: 'ended', reason: 'access-revoked' });
    expect(changes[3]).toMatchObject({ lastSeen });
  });

  test('ends at the time when a goodbye arrived', () => {
    const { clock, report, request, changes } = givenADevice();
    request(declared);
    clock.advance(10_000);
    const heardAt = clock.monotonic();
    clock.advance(5_000);
    report({ type: 'goodbye', heardAt });
    expect(changes[1]).toMatchObject({ lastSeen: heardAt, endedAt: heardAt });
  });

  test('ends at once with a goodbye, and an answer that follows changes nothing', () => {
    const { clock, report, seen } = givenADevice();
    report({ type: 'request', terms: declared });
    clock.advance(1_000);
    report({ type: 'goodbye' });
    report({ type: 'answered' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '1 client-closed']);
  });

  test('does not run while the adapter cannot serve', () => {
    const { clock, request, report, seen } = givenADevice();
    request(declared);
    clock.advance(30_000);
    report({ type: 'paused' });
    clock.advance(hour);
    report({ type: 'paused' });
    clock.advance(hour);
    report({ type: 'resumed' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '7290 inactive']);
  });

  test('that is renewed while the adapter cannot serve is whole when it can again', () => {
    const { clock, request, report, seen } = givenADevice();
    request(declared);
    report({ type: 'paused' });
    clock.advance(hour);
    request(declared);
    clock.advance(hour);
    report({ type: 'resumed' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '7290 inactive']);
  });

  test('that ran out while the process stood still goes on for as long as that, at most one interval', () => {
    const late = (lateMs: number) => httpTracker.reduce(present, { type: 'deadline' }, later(now, lateMs));
    expect(late(1_000).changes).toHaveLength(1);
    expect(late(20_000)).toMatchObject({ changes: [], deadline: later(now, 40_000) });
    expect(late(hour)).toMatchObject({ changes: [], deadline: later(now, hour + 90_000) });
  });

  test('runs out although the adapter stays late: after two puttings-off, and one extension by the first', () => {
    const { clock, request, seen } = givenADevice({ loopIsLate: true });
    request(declared);
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '105 inactive']);
  });

  test('is extended again once the device was heard', () => {
    const { clock, request, report, seen } = givenADevice({ loopIsLate: true });
    request(declared);
    clock.advance(98_000);
    report({ type: 'heard' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '203 inactive']);
  });
});

describe('a learned interval', () => {
  const seeds = Array.from({ length: 200 }, (_, index) => index + 1);
  const learnedAfter = 6;
  const requests = 200;

  /** Lets a device send, and counts how often it flapped after it was learned. */
  function flapsOf(send: (device: ReturnType<typeof givenADevice>, index: number) => void): number {
    const device = givenADevice();
    for (let index = 0; index < learnedAfter; index++) send(device, index);
    const before = device.flaps();
    for (let index = learnedAfter; index < requests; index++) send(device, index);
    expect(device.changes.at(-1)).toBeDefined();
    return device.flaps() - before;
  }

  test.each([10_000, minute, 10 * minute, hour])(
    'a device with a period of %i ms, and gaps that vary by 20 %, never flaps once learned',
    (periodMs) => {
      for (const seed of seeds) {
        const random = seededRandom(seed);
        const flaps = flapsOf(({ clock, request }) => {
          request();
          clock.advance(periodMs * (0.8 + 0.4 * random.next()));
        });
        expect(flaps, `seed ${seed}`).toBe(0);
      }
    },
  );

  test.each([10_000, minute, hour])(
    'a device on a schedule of %i ms that is up to 20 % early or late never flaps once learned',
    (periodMs) => {
      for (const seed of seeds) {
        const random = seededRandom(seed);
        let due = 0;
        let elapsed = 0;
        const flaps = flapsOf(({ clock, request }) => {
          request();
          due += periodMs;
          const next = due + periodMs * (0.4 * random.next() - 0.2);
          clock.advance(next - elapsed);
          elapsed = next;
        });
        expect(flaps, `seed ${seed}`).toBe(0);
      }
    },
  );

  test('a device that sends ten requests half a second apart every hour never flaps once learned', () => {
    for (const seed of seeds.slice(0, 50)) {
      const random = seededRandom(seed);
      const flaps = flapsOf(({ clock, request }) => {
        for (let index = 0; index < 10; index++) {
          request();
          clock.advance(500);
        }
        clock.advance(hour * (0.95 + 0.1 * random.next()));
      });
      expect(flaps, `seed ${seed}`).toBe(0);
    }
  });

  test('a device that slows down from 1 to 10 minutes flaps at most twice', () => {
    for (const seed of seeds) {
      const random = seededRandom(seed);
      const { clock, request, flaps } = givenADevice();
      const send = (periodMs: number, count: number): void => {
        for (let index = 0; index < count; index++) {
          request();
          clock.advance(periodMs * (0.9 + 0.2 * random.next()));
        }
      };
      send(minute, 10 + random.pick(90));
      expect(flaps(), `seed ${seed}`).toBe(0);
      send(10 * minute, 200);
      expect(flaps(), `seed ${seed}`).toBeLessThanOrEqual(2);
      expect(flaps(), 'it does not pass unnoticed').toBeGreaterThan(0);
    }
  });

  test('follows a device that sends more often, within the bounds', () => {
    const { clock, request, changes } = givenADevice();
    for (const periodMs of [10 * minute, minute, 6_000])
      for (let index = 0; index < 200; index++) {
        request();
        clock.advance(periodMs);
      }
    clock.advance(hour);
    expect(changes.at(-1)).toMatchObject({
      reason: 'inactive',
      basis: { from: 'learned', intervalMs: terms.minLearnedMs },
    });
  });

  test('does not change for a time in which the adapter could not receive', () => {
    const { clock, request, report, changes } = givenADevice();
    for (let index = 0; index < 20; index++) {
      request();
      clock.advance(minute);
    }
    report({ type: 'paused' });
    clock.advance(hour);
    report({ type: 'resumed' });
    request();
    clock.advance(hour);
    expect(changes.at(-1)).toMatchObject({ reason: 'inactive', basis: { from: 'learned' } });
    expect((changes.at(-1) as { basis: { intervalMs: number } }).basis.intervalMs).toBeLessThan(3 * minute);
  });
});

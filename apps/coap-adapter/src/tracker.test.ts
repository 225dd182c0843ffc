import { track } from '@rollcall/presence';
import type { LeaseTerms } from '@rollcall/presence/leases';
import { describeTracker, ManualClock, seededRandom } from '@rollcall/conformance';
import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { Change, CommonSignal } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { coapTracker, type CoapSignal, type CoapState } from './tracker.ts';

const minute = 60_000;
const hour = 60 * minute;
const terms: LeaseTerms = {
  defaultMs: 10 * minute,
  minLearnedMs: 30_000,
  maxLearnedMs: 24 * hour,
  ttdGraceMs: 10_000,
};
const probed: LeaseTerms = { ...terms, declaredMs: 400_000, probeMs: 93_000 };
const now = 10_000_000 as Instant;
const basis = { kind: 'lease', intervalMs: 90_000, from: 'default' } as const;

const signals = {
  request: { type: 'request', terms },
  answered: { type: 'answered' },
  withdrawn: { type: 'withdrawn' },
  heard: { type: 'heard' },
  goodbye: { type: 'goodbye' },
  'association-closed': { type: 'association-closed', last: true },
  'probe-ended': { type: 'probe-ended', outcome: 'unanswered' },
  paused: { type: 'paused' },
  resumed: { type: 'resumed' },
  'heard-elsewhere': { type: 'heard-elsewhere', sign: { kind: 'heard', ageMs: 0 } },
  'goes-on': { type: 'goes-on', state: { basis, silentMs: 0, leftMs: 60_000 }, rhythm: {} },
  ended: { type: 'ended', reason: 'access-revoked' },
  deadline: { type: 'deadline' },
} as const satisfies Record<string, CoapSignal | CommonSignal>;

const lease = { rhythm: {}, basis, lastSeen: later(now, -90_000), until: now, openRequests: 0 };
const wishes = { declared: false, probeMs: 10_000 };
const states = {
  absent: { phase: 'absent', rhythm: {} },
  present: { phase: 'present', lease, wishes },
  probing: { phase: 'probing', lease, wishes, probeEndsAt: now },
  unanswered: { phase: 'unanswered', lease, wishes },
  unreachable: { phase: 'unreachable', lease, wishes },
} as const satisfies Record<CoapState['phase'], CoapState>;

// Every phase × every signal: the next phase, and what is published. A new phase or signal does not compile until its
// cell is filled in. Every lease is at its end, so that the deadline is due.
const table = {
  absent: {
    request: ['present', 'connected'],
    answered: ['absent', 'nothing'],
    withdrawn: ['absent', 'nothing'],
    heard: ['absent', 'nothing'],
    goodbye: ['absent', 'nothing'],
    'association-closed': ['absent', 'nothing'],
    'probe-ended': ['absent', 'nothing'],
    paused: ['absent', 'nothing'],
    resumed: ['absent', 'nothing'],
    'heard-elsewhere': ['absent', 'nothing'],
    'goes-on': ['present', 'nothing'],
    ended: ['absent', 'nothing'],
    deadline: ['absent', 'nothing'],
  },
  present: {
    request: ['present', 'nothing'],
    answered: ['present', 'nothing'],
    withdrawn: ['present', 'nothing'],
    heard: ['present', 'nothing'],
    goodbye: ['absent', 'client-closed'],
    'association-closed': ['absent', 'client-closed'],
    'probe-ended': ['present', 'nothing'],
    paused: ['present', 'nothing'],
    resumed: ['present', 'nothing'],
    'heard-elsewhere': ['present', 'nothing'],
    'goes-on': ['present', 'nothing'],
    ended: ['absent', 'access-revoked'],
    deadline: ['probing', 'nothing'],
  },
  probing: {
    request: ['present', 'nothing'],
    answered: ['probing', 'nothing'],
    withdrawn: ['probing', 'nothing'],
    heard: ['present', 'nothing'],
    goodbye: ['absent', 'client-closed'],
    'association-closed': ['absent', 'client-closed'],
    'probe-ended': ['probing', 'nothing'],
    paused: ['probing', 'nothing'],
    resumed: ['probing', 'nothing'],
    'heard-elsewhere': ['present', 'nothing'],
    'goes-on': ['probing', 'nothing'],
    ended: ['absent', 'access-revoked'],
    deadline: ['absent', 'probe-failed'],
  },
  unanswered: {
    request: ['present', 'nothing'],
    answered: ['unanswered', 'nothing'],
    withdrawn: ['unanswered', 'nothing'],
    heard: ['present', 'nothing'],
    goodbye: ['absent', 'client-closed'],
    'association-closed': ['absent', 'client-closed'],
    'probe-ended': ['unanswered', 'nothing'],
    paused: ['unanswered', 'nothing'],
    resumed: ['unanswered', 'nothing'],
    'heard-elsewhere': ['present', 'nothing'],
    'goes-on': ['unanswered', 'nothing'],
    ended: ['absent', 'access-revoked'],
    deadline: ['absent', 'probe-failed'],
  },
  unreachable: {
    request: ['present', 'nothing'],
    answered: ['unreachable', 'nothing'],
    withdrawn: ['unreachable', 'nothing'],
    heard: ['present', 'nothing'],
    goodbye: ['absent', 'client-closed'],
    'association-closed': ['absent', 'client-closed'],
    'probe-ended': ['unreachable', 'nothing'],
    paused: ['unreachable', 'nothing'],
    resumed: ['unreachable', 'nothing'],
    'heard-elsewhere': ['present', 'nothing'],
    'goes-on': ['unreachable', 'nothing'],
    ended: ['absent', 'access-revoked'],
    deadline: ['absent', 'inactive'],
  },
} as const satisfies Record<
  CoapState['phase'],
  Record<CoapSignal['type'] | CommonSignal['type'], readonly [CoapState['phase'], string]>
>;

const published = (changes: readonly Change[]): string =>
  changes.map((change) => (change.type === 'connected' ? 'connected' : change.reason)).join() || 'nothing';

describe.each(Object.keys(table) as (keyof typeof table)[])('a device that is %s', (phase) => {
  test.each(Object.keys(signals) as (keyof typeof signals)[])(
    `a device that is ${phase}, on the signal %s, does what the table says`,
    (type) => {
      const step = coapTracker.reduce(states[phase], signals[type], now);
      expect([step.state.phase, published(step.changes)]).toEqual(table[phase][type]);
    },
  );
});

describeTracker('CoAP', coapTracker, [
  // A lease without a beginning began before. Deadlines and ends come in any case.
  ...Object.values(signals).filter(
    (signal) => signal.type !== 'deadline' && signal.type !== 'ended' && signal.type !== 'goes-on',
  ),
  { type: 'request', terms: probed },
  { type: 'request', terms: { ...terms, ttdMs: 30_000 } },
  { type: 'association-closed', last: false },
  { type: 'probe-ended', outcome: 'unreachable' },
]);

/** A device on a manual clock; what is published stands in `seen` with the second it happened in. */
function givenADevice({ loopIsLate = false } = {}) {
  const clock = new ManualClock();
  const begun = clock.monotonic();
  const changes: (Change & { readonly at: Instant })[] = [];
  const probes: number[] = [];
  const seconds = (at: Instant): number => (at - begun) / 1_000;
  const tracker: typeof coapTracker = {
    ...coapTracker,
    reduce(state, signal, at) {
      const step = coapTracker.reduce(state, signal, at);
      if (step.state.phase === 'probing' && state.phase !== 'probing') probes.push(seconds(at));
      return step;
    },
  };
  const emit = (change: Change, at: Instant): void => void changes.push({ ...change, at });
  const { report } = track(tracker, clock, emit, {
    loop: { deafUntil: () => (loopIsLate ? later(clock.monotonic(), 1_000) : undefined) },
  });
  const request = (facts: LeaseTerms = probed): void => {
    report({ type: 'request', terms: facts });
    report({ type: 'answered' });
  };
  const seen = (): readonly string[] =>
    changes.map((change) => `${seconds(change.at)} ${published([change])}`);
  return { clock, report, request, changes, probes, seen };
}

describe('a lease', () => {
  test('a lease runs out when nothing renews it', () => {
    const { clock, request, seen, changes } = givenADevice();
    request(terms);
    clock.advance(minute);
    request(terms);
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '660 inactive']);
    expect(changes[1]).toMatchObject({ lastSeen: clock.monotonic() - hour });
  });

  test.each([
    ['without a probe', terms, '615 inactive'],
    ['with a probe, and another one', probed, '513.001 probe-failed'],
  ])('a lease %s runs out although the adapter stays late', (_, facts, ending) => {
    const { clock, request, seen, changes } = givenADevice({ loopIsLate: true });
    request(facts);
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', ending]);
    // What comes on top is the lateness: each deadline was put off for five seconds.
    const silentMs = (changes[1]?.at ?? 0) - (changes[0]?.at ?? 0);
    expect(silentMs - (changes[1]?.basis.detectWithinMs ?? 0)).toBeLessThanOrEqual(10_001);
  });

  test('any message of the device renews its lease, and sets when it was last seen', () => {
    const { clock, request, report, seen, changes } = givenADevice();
    request(terms);
    clock.advance(minute);
    report({ type: 'heard' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '660 inactive']);
    expect(changes[1]).toMatchObject({ lastSeen: clock.monotonic() - hour });
  });

  test('a lease does not run out while a request waits for its answer', () => {
    const { clock, report, seen } = givenADevice();
    report({ type: 'request', terms });
    clock.advance(hour);
    report({ type: 'answered' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '4200 inactive']);
  });

  test('a lease stands still while the adapter cannot serve, also during a probe', () => {
    const { clock, request, report, seen, probes } = givenADevice();
    request();
    clock.advance(350_000);
    report({ type: 'paused' });
    report({ type: 'probe-ended', outcome: 'unanswered' });
    clock.advance(hour);
    report({ type: 'resumed' });
    clock.advance(hour);
    expect(probes).toEqual([307]);
    expect(seen()).toEqual(['0 connected', '4000 probe-failed']);
  });
});

describe('closing an association', () => {
  test('closing the last association ends the presence of a device that declared no interval', () => {
    const { clock, request, report, seen } = givenADevice();
    request(terms);
    clock.advance(1_000);
    report({ type: 'association-closed', last: false });
    clock.advance(1_000);
    report({ type: 'association-closed', last: true });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '2 client-closed']);
  });

  test('closing the last association does not end the presence of a device with a declared interval', () => {
    const { clock, request, report, seen } = givenADevice();
    request({ ...terms, declaredMs: minute });
    report({ type: 'association-closed', last: true });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '60 inactive']);
  });
});

describe('a probe', () => {
  test('a probe begins before the lease runs out, and its answer renews the lease', () => {
    const { clock, request, report, seen, probes } = givenADevice();
    request();
    clock.advance(310_000);
    report({ type: 'heard' });
    clock.advance(hour);
    report({ type: 'probe-ended', outcome: 'unanswered' });
    expect(probes).toEqual([307, 617]);
    expect(seen()).toEqual(['0 connected', '710 probe-failed']);
  });

  test('a probe without answer does not end the lease before its time', () => {
    const { clock, request, report, seen, changes } = givenADevice();
    request();
    clock.advance(320_000);
    report({ type: 'probe-ended', outcome: 'unanswered' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '400 probe-failed']);
    expect(changes[1]).toMatchObject({ lastSeen: clock.monotonic() - hour - 320_000 });
  });

  test('the probe of a short lease is short, and the lease goes on until the probe ends', () => {
    const { clock, request, seen, probes, changes } = givenADevice();
    request({ ...probed, declaredMs: 8_000 });
    clock.advance(hour);
    expect(probes).toEqual([6]);
    expect(seen()).toEqual(['0 connected', '10 probe-failed']);
    expect(changes[0]).toMatchObject({ basis: { intervalMs: 8_000, detectWithinMs: 10_000 } });
  });

  test.each([1, 2, 3, 4, 5])(
    'with a probe or without, silence is reported within detectWithinMs of the basis (seed %i)',
    (seed) => {
      const random = seededRandom(seed);
      for (let run = 0; run < 200; run++) {
        const { clock, request, changes } = givenADevice();
        const declaredMs = 1_000 + random.pick(20 * minute);
        request({
          ...terms,
          declaredMs,
          ...(random.pick(3) > 0 && { probeMs: 1_000 + random.pick(200_000) }),
        });
        const saidAt = clock.monotonic();
        clock.advance(hour);
        const [connected, ended] = changes;
        const withinMs = connected?.basis.detectWithinMs ?? 0;
        expect((ended?.at ?? Infinity) - saidAt).toBeLessThanOrEqual(withinMs);
        expect((ended?.at ?? 0) - saidAt).toBeGreaterThanOrEqual(declaredMs);
      }
    },
  );

  test('a probe that cannot reach the device leaves the lease as it was', () => {
    const { clock, request, report, seen } = givenADevice();
    request();
    clock.advance(310_000);
    report({ type: 'probe-ended', outcome: 'unreachable' });
    clock.advance(hour);
    expect(seen()).toEqual(['0 connected', '400 inactive']);
  });

  test('the probe of a short lease begins in its last quarter', () => {
    const { clock, request, probes } = givenADevice();
    request({ ...probed, declaredMs: 20_000 });
    clock.advance(16_000);
    expect(probes).toEqual([15]);
  });

  test('no probe is made while a request waits for its answer', () => {
    const { clock, report, probes } = givenADevice();
    report({ type: 'request', terms: probed });
    clock.advance(hour);
    expect(probes).toEqual([]);
  });

  test.each([
    ['that the basis has room for', 400_000, [307]],
    ['that would end later than the basis says', 300_000, []],
  ])(
    'a lease that comes from elsewhere is probed once its device is heard: a probe %s',
    (_, intervalMs, at) => {
      const { clock, report, probes } = givenADevice();
      const known = { ...basis, intervalMs, detectWithinMs: intervalMs };
      report({ type: 'goes-on', state: { basis: known, silentMs: 0, leftMs: intervalMs }, rhythm: {} });
      report({ type: 'heard', probeMs: 93_000 });
      clock.advance(hour);
      expect(probes).toEqual(at);
    },
  );

  test('what the latest request says of probes counts, and not the handshake', () => {
    const { clock, request, report, probes } = givenADevice();
    report({ type: 'goes-on', state: { basis, silentMs: 0, leftMs: minute }, rhythm: {} });
    request({ ...terms, declaredMs: 400_000 });
    report({ type: 'heard', probeMs: 93_000 });
    clock.advance(hour);
    expect(probes).toEqual([]);
  });

  test('an answer to a probe that comes late renews the lease', () => {
    const { clock, request, report, seen } = givenADevice();
    request();
    clock.advance(320_000);
    report({ type: 'probe-ended', outcome: 'unanswered' });
    clock.advance(10_000);
    report({ type: 'heard' });
    clock.advance(300_000);
    expect(seen()).toEqual(['0 connected']);
  });

  test('a probe that is given up before what arrived in a freeze is read does not end the lease', () => {
    const { clock, request, report, seen } = givenADevice();
    request({ ...probed, declaredMs: 8_000 });
    // Nothing rings while the process is frozen.
    clock.advance(7_000);
    clock.stall(5_000);
    report({ type: 'probe-ended', outcome: 'unanswered' });
    report({ type: 'heard' });
    clock.advance(1_000);
    expect(seen()).toEqual(['0 connected']);
    clock.advance(hour);
    expect(seen()).toHaveLength(2);
  });

  test('a probe is made again after the process stood still, and the lease goes on', () => {
    const due = coapTracker.reduce(states.present, { type: 'deadline' }, later(now, 20_000));
    expect(due).toMatchObject({ changes: [], state: { phase: 'present' } });
    expect(due.deadline).toBe(later(now, 40_000 - 10_000));
  });
});

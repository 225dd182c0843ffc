import { ManualClock, settled } from '@rollcall/conformance';
import { later } from '@rollcall/core/environment';
import type { HeldLease, LifeSign, ReportOutcome } from '@rollcall/core/directory';
import { beforeEach, expect, test } from 'vitest';
import { LeaseReports } from './lease-reports.ts';

const [lease, another] = [{ slot: 'one' } as HeldLease, { slot: 'two' } as HeldLease];
const told: ReportOutcome = { status: 'told', holderSilentMs: 0 };
let clock: ManualClock;
let sent: (readonly [HeldLease, LifeSign])[];
let answers: ((outcome: ReportOutcome) => void)[];
let outcomes: ReportOutcome[];
let reports: LeaseReports;
let lateMs: number;

beforeEach(() => {
  clock = new ManualClock();
  sent = [];
  answers = [];
  outcomes = [];
  lateMs = 0;
  reports = new LeaseReports({
    clock,
    loop: { latenessMs: () => lateMs },
    leases: {
      report(which, sign) {
        sent.push([which, sign]);
        return new Promise((resolve) => answers.push(resolve));
      },
    },
    reported: (_which, outcome) => outcomes.push(outcome),
  });
});

async function answer(): Promise<void> {
  answers.shift()?.(told);
  await settled();
}

test('one report is under way at a time, and then the latest sign is reported, with its age', async () => {
  reports.report(lease, { kind: 'request', heardAt: clock.monotonic() });
  expect(sent).toEqual([[lease, { kind: 'request', ageMs: 0 }]]);
  for (let index = 0; index < 1_000; index++)
    reports.report(lease, { kind: 'request', heardAt: clock.monotonic(), ttdMs: index });
  clock.advance(700);
  expect(sent).toHaveLength(1);
  await answer();
  expect(sent.slice(1)).toEqual([[lease, { kind: 'request', ageMs: 700, ttdMs: 999 }]]);
  await answer();
  expect([sent.length, outcomes]).toEqual([2, [told, told]]);
});

test('a request that waits is not replaced by a lesser sign after it', async () => {
  reports.report(lease, { kind: 'heard' });
  reports.report(lease, { kind: 'request', heardAt: clock.monotonic(), declaredMs: 5 });
  clock.advance(100);
  reports.report(lease, { kind: 'heard', heardAt: clock.monotonic() });
  await answer();
  expect(sent[1]).toEqual([lease, { kind: 'request', ageMs: 0, declaredMs: 5 }]);
  // For another lease it is replaced.
  reports.report(lease, { kind: 'request', heardAt: clock.monotonic() });
  reports.report(another, { kind: 'heard' });
  await answer();
  expect(sent[2]).toEqual([another, { kind: 'heard', ageMs: 0 }]);
});

test('no waiting sign is reported after a goodbye', async () => {
  reports.report(lease, { kind: 'request' });
  reports.report(lease, { kind: 'request' });
  reports.goodbye(lease, { heardAt: clock.monotonic(), readAt: clock.monotonic() });
  expect(sent.map(([, { kind }]) => kind)).toEqual(['request', 'goodbye']);
  await answer();
  await answer();
  expect(sent).toHaveLength(2);
});

test('a sign that was read late has waited for so long, a goodbye too', async () => {
  const readAt = clock.monotonic();
  clock.advance(100);
  lateMs = 5_000;
  reports.report(lease, { kind: 'request', heardAt: readAt, readAt });
  reports.goodbye(lease, { heardAt: later(readAt, -20), readAt });
  expect(sent.map(([, sign]) => sign)).toEqual([
    { kind: 'request', ageMs: 100, waitedMs: 5_000 },
    { kind: 'goodbye', ageMs: 100, waitedMs: 5_020 },
  ]);
});

import { describeTracker, ManualClock } from '@rollcall/conformance';
import type { Instant } from '@rollcall/core';
import type { Change } from '@rollcall/core/tracker';
import { describe, expect, test } from 'vitest';
import { session, sessionTracker, type SessionState } from './session-tracker.ts';
import { track } from './track.ts';

type Signal =
  | { readonly type: 'hello'; readonly maxSilenceMs: number | undefined; readonly heardAt?: Instant }
  | { readonly type: 'welcomed' | 'byte' | 'line' | 'parsed' | 'bye' | 'reset' | 'nonsense' };

const tracker = sessionTracker<Signal>(
  {
    hello: ({ maxSilenceMs, heardAt }) =>
      session.begins({ maxSilenceMs, detectWithinMs: maxSilenceMs ?? null }, heardAt),
    welcomed: () => session.answered,
    byte: () => session.heard,
    line: () => session.heardWhole,
    parsed: () => session.wasWhole,
    bye: () => session.leaves('client-closed', { clean: false, raw: { text: 'tired' } }),
    nonsense: () => session.leaves('protocol-error'),
    reset: () => session.ends('connection-lost', { text: 'ECONNRESET' }),
  },
  { code: 7, text: 'too quiet' },
);

const hello: Signal = { type: 'hello', maxSilenceMs: 10_000 };
const basis = { kind: 'session', detectWithinMs: 10_000 } as const;

function givenASession(first: Signal = hello) {
  const clock = new ManualClock();
  const begun = clock.monotonic();
  const changes: (Change & { readonly at: number })[] = [];
  const { report } = track(tracker, clock, (change, at) => changes.push({ ...change, at: at - begun }));
  report(first);
  return { clock, changes, report, since: (ms: number) => (begun + ms) as Instant };
}

describeTracker('a table of signals', tracker, [
  hello,
  { type: 'hello', maxSilenceMs: undefined },
  ...(['welcomed', 'byte', 'line', 'parsed', 'bye', 'reset', 'nonsense'] as const).map((type) => ({ type })),
]);

test.each(['bye', 'reset', 'nonsense'] as const)(
  '%s before the login is accepted: never connected',
  (type) => {
    const { changes, report } = givenASession({ type });
    report(hello);
    expect(changes).toEqual([]);
  },
);

test('the adapter ends a session before its login is accepted: never connected', () => {
  const { changes, report } = givenASession({ type: 'byte' });
  report({ type: 'ended', reason: 'adapter-shutdown' });
  report(hello);
  expect(changes).toEqual([]);
});

test.each([
  ['bye', { endedAt: 0 }],
  ['reset', {}],
] as const)('a device that left (%s) while its login was looked at was seen before that', (type, said) => {
  const { since } = givenASession();
  const { clock, changes, report } = givenASession({ type: 'byte' });
  const heardAt = clock.monotonic();
  clock.advance(2_000);
  report({ type: 'hello', maxSilenceMs: 10_000, heardAt });
  report({ type });
  expect(changes[1]).toMatchObject({
    at: 2_000,
    lastSeen: heardAt,
    ...('endedAt' in said && { endedAt: since(0) }),
  });
});

describe('silence', () => {
  test('counts from the answer to the login', () => {
    const { clock, changes, report } = givenASession();
    clock.advance(60_000);
    report({ type: 'welcomed' });
    clock.advance(60_000);
    expect(changes).toMatchObject([
      { type: 'connected', at: 0 },
      { reason: 'keepalive-timeout', raw: { code: 7, text: 'too quiet' }, at: 70_000 },
    ]);
  });

  test('is broken by whole messages only, and the device was last seen with its last byte', () => {
    const { clock, changes, report, since } = givenASession();
    report({ type: 'welcomed' });
    clock.advance(5_000);
    report({ type: 'line' });
    clock.advance(5_000);
    report({ type: 'byte' });
    clock.advance(60_000);
    expect(changes[1]).toMatchObject({ reason: 'keepalive-timeout', lastSeen: since(10_000), at: 15_000 });
  });

  test('is broken when a parser reports that the bytes were a whole message, as of their arrival', () => {
    const { clock, changes, report } = givenASession();
    report({ type: 'welcomed' });
    clock.advance(5_000);
    report({ type: 'byte' });
    clock.advance(2_000);
    report({ type: 'parsed' });
    clock.advance(60_000);
    expect(changes[1]).toMatchObject({ reason: 'keepalive-timeout', at: 15_000 });
  });

  test('ends no session if the protocol has no bound for it', () => {
    const { clock, changes, report } = givenASession({ type: 'hello', maxSilenceMs: undefined });
    report({ type: 'welcomed' });
    expect(clock.armed).toBe(0);
    expect(changes).toHaveLength(1);
  });
});

test('an end that the device reports counts from its last byte; one by the network counts from now', () => {
  for (const [type, expected] of [
    ['bye', { reason: 'client-closed', clean: false, raw: { text: 'tired' }, ended: 5_000 }],
    ['nonsense', { reason: 'protocol-error', ended: 5_000 }],
    ['reset', { reason: 'connection-lost', raw: { text: 'ECONNRESET' }, ended: undefined }],
  ] as const) {
    const { clock, changes, report, since } = givenASession();
    clock.advance(5_000);
    report({ type: 'byte' });
    clock.advance(1_000);
    report({ type });
    const { ended, ...facts } = expected;
    expect(changes[1]).toEqual({
      type: 'disconnected',
      basis,
      lastSeen: since(5_000),
      at: 6_000,
      ...facts,
      ...(ended !== undefined && { endedAt: since(ended) }),
    });
  }
});

test('the adapter ends a session with its own reason, once', () => {
  const { changes, report } = givenASession();
  report({ type: 'ended', reason: 'taken-over', raw: { code: 1 } });
  report({ type: 'reset' });
  report(hello);
  expect(changes.slice(1)).toMatchObject([{ reason: 'taken-over', raw: { code: 1 } }]);
});

test('a signal without a row is an error of the app', () => {
  const state: SessionState = { phase: 'pending' };
  expect(() => tracker.reduce(state, { type: 'unknown' } as never, 0 as Instant)).toThrow('unknown');
});

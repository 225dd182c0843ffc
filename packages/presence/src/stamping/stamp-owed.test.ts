import { anEvent } from '@rollcall/conformance';
import type { Timestamp } from '@rollcall/core';
import type { OwedEnding } from '@rollcall/core/directory';
import { expect, test } from 'vitest';
import { stampOwed } from './stamp-owed.ts';

const basis = { kind: 'lease', intervalMs: 60_000, from: 'default' } as const;
const event = anEvent('e', { basis });
const identity = { ...event.adapter, id: 'http-2', instance: '0190a1b2-0000-7000-8000-00000000000b' };
const dead = { identity, aliveAt: event.at, declaredAt: (event.at + 10_000) as Timestamp };
const session: OwedEnding = { event, unconfirmed: false, reason: 'adapter-lost' };
const lease: OwedEnding = { ...session, lease: { slot: 'sensor', state: { basis, silentMs: 0, leftMs: 0 } } };

test('the ending of a lease names the adapter that held it last, under the id that it had at the one where it began', () => {
  expect(stampOwed(dead, lease).adapter).toEqual(identity);
  expect(stampOwed(dead, session).adapter).toEqual(event.adapter);
  expect(stampOwed(dead, lease).id).toBe(stampOwed({ ...dead, identity: event.adapter }, lease).id);
});

test('a lease that no adapter held ends with the name of the one where it began', () => {
  expect(stampOwed({ ...dead, isInvented: true }, lease).adapter).toEqual(event.adapter);
});

test.each([
  ['session', session],
  ['lease', lease],
] as const)(
  'the times of an ending follow the clock that stamped its beginning, however far that was ahead (%s)',
  (_kind, owed) => {
    const aheadMs = 300_000;
    const connectedAt = (event.at - aheadMs) as Timestamp;
    const livedMs = 120_000;
    const died = { ...dead, aliveAt: (connectedAt + livedMs) as Timestamp };
    const declaredAt = (died.aliveAt + 10_000) as Timestamp;
    const { at, lastSeen, uncertaintyMs } = stampOwed({ ...died, declaredAt }, { ...owed, connectedAt });
    const endedAt = event.at + livedMs;
    expect(at).toBeGreaterThanOrEqual(endedAt);
    expect(at - uncertaintyMs).toBeLessThanOrEqual(endedAt);
    expect(lastSeen).toBeLessThanOrEqual(endedAt);
    expect(lastSeen).toBeGreaterThanOrEqual(event.at);
    // Where the clocks are the same, or that clock was behind, the engine's counts.
    expect(stampOwed(dead, { ...owed, connectedAt: event.at })).toEqual(stampOwed(dead, owed));
    const behind = { ...owed, connectedAt: (event.at + aheadMs) as Timestamp };
    expect(stampOwed(dead, behind)).toEqual(stampOwed(dead, owed));
  },
);

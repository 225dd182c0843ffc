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

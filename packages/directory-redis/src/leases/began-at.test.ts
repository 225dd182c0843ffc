import type { Timestamp } from '@rollcall/core';
import { anEvent } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { beganAtMs } from './began-at.ts';

const { adapter } = anEvent('e1');
const noon = 1_767_268_800_000;
/** The wall clock of the adapter is five minutes ahead of the engine's. */
const aheadMs = 300_000;
const event = { at: (noon + aheadMs) as Timestamp, adapter };

test.each([
  ['now', 0],
  ['a minute ago, in an earlier run', 60_000],
])('a lease that began %s began so long ago by the engine too', (_when, ageMs) => {
  expect(beganAtMs(event, adapter, event.at + ageMs, noon + ageMs)).toBe(noon);
});

test('a beginning that a wall clock, set back since, has yet to reach counts as now', () => {
  expect(beganAtMs(event, adapter, noon, noon)).toBe(noon);
});

test('by the engine, when a lease of another adapter began is not known, or of any while its clock is not', () => {
  expect(beganAtMs(event, { ...adapter, id: 'another' }, event.at, noon)).toBe(0);
  expect(beganAtMs(event, adapter, event.at, undefined)).toBe(0);
});

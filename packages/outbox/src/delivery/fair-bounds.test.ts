import { expect, test } from 'vitest';
import { firstToGiveWay, inOrderOfGivingWay, type TenantLoad } from './fair-bounds.ts';

const bounds = { maxEvents: 100, maxBytes: 1_000 };

function order(loads: Readonly<Record<string, Partial<TenantLoad>>>): readonly string[] {
  const tenants = Object.entries(loads).map(([name, { events = 0, bytes = 0, pairs = 0 }]) => ({
    name,
    events,
    bytes,
    pairs,
  }));
  const total = {
    events: tenants.reduce((sum, { events }) => sum + events, 0),
    bytes: tenants.reduce((sum, { bytes }) => sum + bytes, 0),
    pairs: 0,
  };
  const names = inOrderOfGivingWay(tenants, total, bounds).map(({ name }) => name);
  expect(firstToGiveWay(tenants, total, bounds)?.name).toBe(names[0]);
  return names;
}

test('of the tenants over their share, the one with most pairs gives way first', () => {
  expect(
    order({
      few: { events: 45, pairs: 3 },
      many: { events: 50, pairs: 20 },
      more: { events: 60, pairs: 30 },
    }),
  ).toEqual(['more', 'many', 'few']);
});

test('a tenant within its share never gives way, even if the others can leave nothing out', () => {
  expect(order({ flapping: { events: 90, pairs: 40 }, calm: { events: 20, pairs: 10 } })).toEqual([
    'flapping',
  ]);
  expect(order({ stuck: { events: 500, pairs: 0 }, calm: { events: 50, pairs: 25 } })).toEqual([]);
});

test('tenants without waiting events take no share', () => {
  expect(order({ only: { events: 101, pairs: 1 }, gone: {}, another: {} })).toEqual(['only']);
});

test('bytes are shared as events are', () => {
  expect(
    order({ large: { events: 10, bytes: 900, pairs: 5 }, small: { events: 80, bytes: 200, pairs: 40 } }),
  ).toEqual(['large']);
});

test('within the bounds no tenant gives way', () => {
  expect(order({ one: { events: 100, bytes: 1_000, pairs: 50 } })).toEqual([]);
});

import { expect, test } from 'vitest';
import { isBeforeCoverage, seenCounts } from './seen-counts.ts';

const asOf = {
  at: '2026-11-29T12:00:00Z',
  'lag-ms': 0,
  'covered-since': '2026-11-29T11:00:00Z',
  'complete-from': '2026-11-29T11:00:05Z',
  complete: true,
};

test('nothing is drawn for a time in which the service did not follow events', () => {
  const at = (time: string, online: number): { at: string; online: number; unknown: number } => ({
    at: `2026-11-29T${time}Z`,
    online,
    unknown: 0,
  });
  const points = [at('10:59:59', 0), at('11:00:00', 0), at('11:30:00', 7)];
  expect(seenCounts({ points, endings: {}, 'as-of': asOf })).toEqual([
    { at: '2026-11-29T10:59:59Z', online: null, unknown: null },
    ...points.slice(1),
  ]);
});

test.each([
  ['10:59:59', true],
  ['11:00:00', false],
])('whether %s is before the events were followed: %j', (time, isBefore) => {
  expect(isBeforeCoverage(Date.parse(`2026-11-29T${time}Z`), asOf)).toBe(isBefore);
});

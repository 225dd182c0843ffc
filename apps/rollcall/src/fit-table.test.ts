import { expect, test } from 'vitest';
import { fitTable, type Column } from './fit-table.ts';

const columns: readonly Column[] = [
  { heading: 'WHO', least: 8, short: (text) => text },
  { heading: 'WHEN', least: 8, short: (text) => text.slice(-8) },
  { heading: 'WHY', least: 6, short: (text) => text.replace('because ', '') },
];
const rows = [
  ['tenant/device-with-a-long-name-1', '2026-01-01 12:00:00', 'because of silence'],
  ['tenant/device-with-a-long-name-2', '2026-01-01 12:00:01', 'because'],
];

test('what fits stands whole', () => {
  expect(fitTable(columns, rows, 100)).toEqual([
    'WHO                               WHEN                 WHY',
    'tenant/device-with-a-long-name-1  2026-01-01 12:00:00  because of silence',
    'tenant/device-with-a-long-name-2  2026-01-01 12:00:01  because',
  ]);
});

test('what does not is said shorter, before anything is cut', () => {
  expect(fitTable(columns, rows, 60)).toEqual([
    'WHO                               WHEN      WHY',
    'tenant/device-with-a-long-name-1  12:00:00  of silence',
    'tenant/device-with-a-long-name-2  12:00:01  because',
  ]);
});

test('the widest column is cut in its middle, and the last one stays', () => {
  expect(fitTable(columns, rows, 38)).toEqual([
    'WHO               WHEN      WHY',
    'tenant/d…-name-1  12:00:00  of silence',
    'tenant/d…-name-2  12:00:01  because',
  ]);
});

test.each([1, 5, 20, 26, 27, 40])('nothing is wider than %i characters', (width) => {
  expect(Math.max(...fitTable(columns, rows, width).map((line) => line.length))).toBeLessThanOrEqual(width);
});

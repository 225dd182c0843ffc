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

test('a table that fits is shown unchanged', () => {
  expect(fitTable(columns, rows, 100)).toEqual([
    'WHO                               WHEN                 WHY',
    'tenant/device-with-a-long-name-1  2026-01-01 12:00:00  because of silence',
    'tenant/device-with-a-long-name-2  2026-01-01 12:00:01  because',
  ]);
});

test('a table that is too wide uses shorter texts before it cuts any', () => {
  expect(fitTable(columns, rows, 60)).toEqual([
    'WHO                               WHEN      WHY',
    'tenant/device-with-a-long-name-1  12:00:00  of silence',
    'tenant/device-with-a-long-name-2  12:00:01  because',
  ]);
});

test('a table that is still too wide cuts its widest column in the middle, and never the last column', () => {
  expect(fitTable(columns, rows, 38)).toEqual([
    'WHO               WHEN      WHY',
    'tenant/d…-name-1  12:00:00  of silence',
    'tenant/d…-name-2  12:00:01  because',
  ]);
});

test.each([1, 5, 20, 26, 27, 40])('no line is wider than a screen of %i characters', (width) => {
  expect(Math.max(...fitTable(columns, rows, width).map((line) => line.length))).toBeLessThanOrEqual(width);
});

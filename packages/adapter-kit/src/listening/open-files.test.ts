import { expect, test } from 'vitest';
import { openFilesLimit, placesWithin } from './open-files.ts';

test.each([
  [12_000, undefined, 12_000],
  [12_000, 1_048_576, 12_000],
  [12_000, 1_024, 512],
  [100, 1_024, 100],
  [100, 1, 1],
])('of %i places, with %s open files, there are %i', (wanted, openFiles, places) => {
  expect(placesWithin(wanted, openFiles)).toBe(places);
});

test('the limit of this process is the number of files that the report of Node.js has, or unknown', () => {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = report.userLimits?.open_files?.soft;
  expect(openFilesLimit()).toBe(typeof soft === 'number' ? soft : undefined);
});

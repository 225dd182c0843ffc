import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, as those beside it
import { partTimes as times } from './part-times.mjs';

const partTimes = times as (
  tasks: readonly { task: string; execution?: { startTime: number; endTime: number } }[],
) => readonly string[];

test('a part lasts from the first beginning to the last end of its tasks; what did not run has no time', () => {
  expect(
    partTimes([
      { task: 'build', execution: { startTime: 1_000, endTime: 3_000 } },
      { task: 'build', execution: { startTime: 2_500, endTime: 13_400 } },
      { task: 'build' },
      { task: 'unit', execution: { startTime: 14_000, endTime: 114_000 } },
      { task: 'lint' },
    ]),
  ).toEqual(['build        12 s', 'unit        100 s']);
});

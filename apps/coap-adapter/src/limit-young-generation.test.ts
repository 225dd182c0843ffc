import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { limitYoungGeneration } from './limit-young-generation.ts';

const mebibyte = 2 ** 20;

/** A young generation of which V8 says that it has these sizes, after one collection each. */
function given(...sizes: number[]): number[] {
  const factors: number[] = [];
  let bytes = 0;
  let collected = (): void => {};
  limitYoungGeneration({
    bytes: () => bytes,
    growBy: (factor) => factors.push(factor),
    onCollected: (look) => {
      collected = look;
    },
  });
  for (bytes of sizes.map((size) => size * mebibyte)) collected();
  return factors;
}

test('a young generation that has room for less than 16 MB grows as it likes', () => {
  expect(given(1, 2, 4, 8)).toEqual([]);
});

test('one that has room for 16 MB grows no more, and is told so once', () => {
  expect(given(8, 16, 16, 16)).toEqual([1]);
});

test('one that V8 made smaller may grow again', () => {
  expect(given(16, 1, 2, 16)).toEqual([1, 2, 1]);
});

// Before, V8 itself stopped there.
test.skipIf(process.versions.node < '24')(
  'in a process whose objects survive for a while, it stays as small as that',
  // On a busy machine, V8 may not have given back a half yet that it still counts.
  { retry: 4 },
  () => {
    const program = `
    const { getHeapSpaceStatistics } = require('node:v8');
    const young = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size;
    import(process.argv[1]).then(({ limitYoungGeneration }) => {
      if (process.argv[2] === 'limited') limitYoungGeneration();
      let kept = [];
      let turns = 0;
      const turn = () => {
        for (let each = 0; each < 1_000; each++) kept.push({ each, more: [each, each] });
        if (kept.length > 200_000) kept = [];
        if (++turns < 1_500) setImmediate(turn);
        else console.log(young());
      };
      turn();
    });`;
    const youngBytes = (how: string): number =>
      Number(
        execFileSync(
          process.execPath,
          ['-e', program, new URL('limit-young-generation.ts', import.meta.url).href, how],
          {
            encoding: 'utf8',
          },
        ),
      );
    expect(youngBytes('limited')).toBeLessThanOrEqual(16 * mebibyte);
    // Else this says nothing of what limits it.
    expect(youngBytes('unlimited')).toBeGreaterThan(16 * mebibyte);
  },
);

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// A row with too few cells is shown with the wrong ones empty.

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'apps/*/README.md'], {
  cwd: root,
});

/** Pipes that are not escaped divide cells, in code too. */
const cellsOf = (row: string): number => row.trim().split(/(?<!\\)\|/).length - 2;

/** Rows of tables that have another number of cells than the head of their table. */
function oddRows(text: string): readonly number[] {
  const lines = text.split('\n');
  const odd: number[] = [];
  let cells: number | undefined;
  lines.forEach((line, index) => {
    if (!line.startsWith('|')) cells = undefined;
    else if (cells === undefined) cells = cellsOf(line);
    else if (cellsOf(line) !== cells) odd.push(index + 1);
  });
  return odd;
}

test('a row that lacks a cell is found', () => {
  expect(oddRows('| a | b |\n| - | - |\n| 1 | 2 \\| 3 |\n| 1 |\n\n| a |\n| - |\n| 1 | 2 |')).toEqual([4, 8]);
});

test.each(documents)('each row of a table in %s has as many cells as its head', (file) => {
  expect(oddRows(readFileSync(join(root, file), 'utf8'))).toEqual([]);
});

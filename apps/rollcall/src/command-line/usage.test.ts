import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseCommand } from './command-line.ts';
import { usage } from './usage.ts';

// What `--help` prints, the README and the code know the same commands.

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const ofHelp = Array.from(usage.matchAll(/^ {2}([a-z]+) {2,}\S/gm), ([, name = '']) => name);

/** First cells, and the rows, of the table under this head. */
function rowsUnder(head: string): ReadonlyMap<string, string> {
  const lines = readme.split('\n');
  const begin = lines.findIndex((line) => line.startsWith(`| ${head} `));
  const rows = lines.slice(begin + 2, lines.indexOf('', begin));
  return new Map(rows.map((row) => [/^\| `([^`]+)`/.exec(row)?.[1] ?? row, row]));
}

test('the README has a row for each command, in the order of --help', () => {
  expect(ofHelp.length).toBeGreaterThan(8);
  expect([...rowsUnder('command').keys()]).toEqual(ofHelp);
});

test.each(ofHelp)('%s is a command', (name) => {
  const parsed = parseCommand([name]);
  expect('problem' in parsed ? parsed.problem : '').not.toContain('unknown command');
});

describe('the code, in the README', () => {
  const folders = rowsUnder('folder');

  test('has a row for each folder', () => {
    const all = readdirSync(new URL('..', import.meta.url), { withFileTypes: true });
    expect([...folders.keys()].toSorted()).toEqual(
      all
        .filter((each) => each.isDirectory())
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  test.each(ofHelp)('says where %s is', (name) => {
    const rows = [...folders.values()].map((row) => row.split('|')[2] ?? '');
    expect(rows.filter((row) => row.includes(`\`${name}\``))).not.toEqual([]);
  });
});

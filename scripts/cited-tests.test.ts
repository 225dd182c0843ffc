import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// A document may cite tests by the beginning of their titles: who renames a test changes the document too.

const root = fileURLToPath(new URL('..', import.meta.url));

test('every test of a fleet that docs/reliability.md cites exists', () => {
  const text = readFileSync(join(root, 'docs/reliability.md'), 'utf8');
  const [, table = ''] = /All tests are in `test\/interop\/fleet`\.([^]*)\|\n/.exec(text) ?? [];
  const cited = [...table.matchAll(/"(?:… )?([^"]+)"/g)].map(([, title = '']) => title);
  const folder = join(root, 'test/interop/fleet');
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(cited.length).toBeGreaterThan(20);
  expect(cited.filter((title) => !sources.some((source) => source.includes(title)))).toEqual([]);
});

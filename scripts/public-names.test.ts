import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as untyped from './public-names.mjs';

interface Entry {
  readonly folder: string;
  readonly specifier: string;
  readonly names: readonly string[];
}
const script: { publicEntries(root: string): readonly Entry[]; namesIn(text: string): readonly string[] } =
  untyped;

// A package gives little to everyone. One that gives more says in its README what each name is for.

/** About a dozen: as many as one keeps in mind. */
const few = 15;

const root = fileURLToPath(new URL('..', import.meta.url));
const entries = script.publicEntries(root);
const readmeOf = (folder: string): string => readFileSync(join(root, folder, 'README.md'), 'utf8');

test('names are those that others see', () => {
  expect(
    script.namesIn(
      "export { a, type B } from './a.ts';\nexport type {\n  C,\n  D as E,\n} from './c.ts';\nconst hidden = 1;\n",
    ),
  ).toEqual(['a', 'B', 'C', 'E']);
});

test.each(entries.filter(({ names }) => names.length > few))(
  'the README of $folder names all that $specifier exports',
  ({ folder, names }) => {
    const [, table = ''] = /^## What it exports\n([^]*?)(?=^## |(?![^]))/m.exec(readmeOf(folder)) ?? [];
    const named = new Set([...table.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
    expect(names.filter((name) => !named.has(name))).toEqual([]);
  },
);

test('the README of a package says what each of its entries is for', () => {
  const besides = entries.filter(
    ({ specifier, names }) => specifier.split('/').length > 2 && names.length > 0,
  );
  expect(besides.length).toBeGreaterThan(10);
  expect(besides.filter(({ folder, specifier }) => !readmeOf(folder).includes(`\`${specifier}\``))).toEqual(
    [],
  );
});

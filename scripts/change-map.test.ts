import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

// docs/where-a-change-belongs.md names files that are there, and names that are in them.

const root = fileURLToPath(new URL('..', import.meta.url));
const map = readFileSync(join(root, 'docs/where-a-change-belongs.md'), 'utf8');

/** Folders of the repository: a path that begins with another name is in the folder of its section. */
const ofRepository = /^(?:apps|packages|docs|scripts|test|bench|deploy|\.ci|\.github)\//;
const isPath = /^[\w.-]*(?:\/[\w.-]*)+$|^[\w-]+(?:\.test)?\.(?:tsx?|mjs|md)$/;
/** A wider cell makes every row of its table hard to read. */
const maxCellLength = 220;

interface Section {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
  /** @param path as a cell has it. */
  readonly file: (path: string) => string;
}

function sectionsOf(text: string): readonly Section[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [, base = ''] = /^In `([^`]+)`/m.exec(section) ?? [];
      return {
        title: section.slice(0, section.indexOf('\n')),
        rows: section
          .split('\n')
          .filter((line) => line.startsWith('| ') && !/^\| (?:change|-+) /.test(line))
          .map((line) => line.split('|').slice(1, -1)),
        file: (path) => (ofRepository.test(path) ? path : join(base, path)),
      };
    });
}

const quoted = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

const pathsOf = ({ rows, file }: Section): readonly string[] =>
  rows.flatMap((cells) =>
    cells
      .flatMap(quoted)
      .filter((name) => isPath.test(name))
      .map(file),
  );

/** Names of the code with the file in which they are said to be: names `in` a path, or a path with names in brackets. */
function namesOf({ rows, file }: Section): readonly { readonly name: string; readonly path: string }[] {
  return rows
    .flat()
    .flatMap((cell) =>
      [
        ...cell.matchAll(/((?:`[#\w]+`(?:, | and ))*`[#\w]+`) in `([\w./-]+\.(?:tsx?|mjs))`/g),
        ...[...cell.matchAll(/`([\w./-]+\.(?:tsx?|mjs))` \(((?:`[#\w]+`(?:, )?)+)\)/g)].map(
          ([all, path = '', names = '']) => [all, names, path],
        ),
      ].flatMap(([, names = '', path = '']) => quoted(names).map((name) => ({ name, path: file(path) }))),
    );
}

const sections = sectionsOf(map);

describe.each(sections.map((section) => [section.title, section] as const))('%s', (_title, section) => {
  test('names files and folders that are there', () => {
    const paths = pathsOf(section);
    expect(paths).not.toEqual([]);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('names what is in the code of the file', () => {
    const missing = namesOf(section).filter(
      ({ name, path }) =>
        !new RegExp(`(?<![\\w#])${name}(?!\\w)`).test(readFileSync(join(root, path), 'utf8')),
    );
    expect(missing).toEqual([]);
  });

  test('has no cell that is too wide', () => {
    expect(section.rows.flat().filter((cell) => cell.length > maxCellLength)).toEqual([]);
  });
});

test('names are found in both forms', () => {
  const [section] = sectionsOf(
    '## A\n\nIn `x`.\n\n| `a` and `b` in `c.ts` | `d.ts` (`e`, `f`) | `docs/g.md` |\n',
  );
  expect(section && namesOf(section)).toEqual([
    { name: 'a', path: 'x/c.ts' },
    { name: 'b', path: 'x/c.ts' },
    { name: 'e', path: 'x/d.ts' },
    { name: 'f', path: 'x/d.ts' },
  ]);
  expect(section && pathsOf(section)).toEqual(['x/c.ts', 'x/d.ts', 'docs/g.md']);
});

test('leads into every folder with code', () => {
  const named = new Set(
    sections.flatMap(pathsOf).map((path) => {
      const isFolder = existsSync(join(root, path)) && statSync(join(root, path)).isDirectory();
      return isFolder ? path.replace(/\/$/, '') : dirname(path);
    }),
  );
  const folders = globSync('{apps,packages}/*/src/**/*.{ts,tsx}', { cwd: root })
    .filter((file) => !/\.test\.|\/(?:testing|index\.ts|internal\.ts)/.test(file))
    .map((file) => dirname(file));
  expect(folders.length).toBeGreaterThan(200);
  expect([...new Set(folders)].filter((folder) => !named.has(folder)).toSorted()).toEqual([]);
});

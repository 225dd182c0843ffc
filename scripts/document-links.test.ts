import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));

/** What stands in code is no heading and no link. */
const proseOf = (path: string): string =>
  readFileSync(join(root, path), 'utf8').replaceAll(/^```.*?^```/gms, '');

/** The names by which GitHub links to the headings of a document. */
function headingsOf(path: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, heading = ''] of proseOf(path).matchAll(/^#+ (.*)$/gm)) {
    const name = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    let one = name;
    for (let again = 1; names.has(one); again += 1) one = `${name}-${again}`;
    names.add(one);
  }
  return names;
}

/** The links of a document that lead nowhere. */
function deadLinksOf(path: string): readonly string[] {
  return [...proseOf(path).matchAll(/\]\((?![a-z]+:)([^)\s#]*)(?:#([^)\s]+))?\)/g)]
    .filter(([, file = '', heading]) => {
      const target = file === '' ? path : normalize(join(dirname(path), file));
      if (!existsSync(join(root, target))) return true;
      return heading !== undefined && target.endsWith('.md') && !headingsOf(target).has(heading);
    })
    .map(([link]) => `${path} ${link}`);
}

test('each link of a document leads to a file that is there, and to a heading of it', () => {
  expect(documents).toContain('README.md');
  expect(documents.flatMap(deadLinksOf)).toEqual([]);
});

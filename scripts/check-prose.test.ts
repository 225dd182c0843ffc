import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import { checkDocuments, checkProse } from './check-prose.mjs';

const long = 'word '.repeat(30).trim();

test('plain prose has no problems', () => {
  expect(checkProse('# A title\n\nNo one waits for the network.\n')).toEqual([]);
});

test('a retired phrase is named with its line and what to say instead', () => {
  expect(checkProse('Fine.\n\nWhoever comes is told of it.\n')).toEqual([
    { line: 3, problem: '"Whoever": say name who it is, e.g. "the client that"' },
    { line: 3, problem: '"told of": say "reported", "reports"' },
  ]);
});

test('a line of prose of more than 120 characters is a problem', () => {
  expect(checkProse('x'.repeat(120))).toEqual([]);
  expect(checkProse(`- ${long}`)).toEqual([{ line: 1, problem: '151 characters: wrap prose at 120' }]);
});

test.each([
  ['a fenced block', `\`\`\`js\n// nobody ${long}\n\`\`\``],
  ['an indented block', `    nobody ${long}`],
  ['a table', `| ${long} | nobody |`],
  ['front matter', `---\nsummary: nobody ${long}\n---`],
  ['the name of a metric', 'See `journal begun anew`.'],
  ['the target of a link', `[here](https://example.com/nobody-${'x'.repeat(120)})`],
])('%s is not prose', (_, text) => {
  expect(checkProse(text)).toEqual([]);
});

test('prose goes on after a fenced block', () => {
  expect(checkProse('```\nnobody\n```\nnobody')).toHaveLength(1);
});

test('every document is read, but for those that are exempt', () => {
  const root = mkdtempSync(join(tmpdir(), 'prose-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const folder of ['docs/decisions', 'packages/x', 'apps/x', '.changeset'])
    mkdirSync(join(root, folder), { recursive: true });
  const files = ['README.md', 'docs/a.md', 'docs/decisions/b.md', 'packages/x/README.md', 'apps/x/README.md'];
  for (const file of [...files, '.changeset/c.md']) writeFileSync(join(root, file), 'Nobody.\n');
  const problems = checkDocuments(root, new Set(['docs/a.md']));
  expect(problems.map((problem: string) => problem.split(':')[0])).toEqual([
    '.changeset/c.md',
    'README.md',
    'apps/x/README.md',
    'docs/decisions/b.md',
    'packages/x/README.md',
  ]);
});

test('the documents of this repository are in plain English', () => {
  expect(checkDocuments(fileURLToPath(new URL('..', import.meta.url)))).toEqual([]);
});

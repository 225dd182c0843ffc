import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  blocksIn,
  documentBlocks,
  isForShell,
  type DocumentBlock,
} from '../test/documents/document-blocks.ts';

// Each command in a document is run by a test, or the document says why it is not.

const root = fileURLToPath(new URL('..', import.meta.url));
const blocks = documentBlocks();
const place = ({ document, line, code }: DocumentBlock): string =>
  `${document}:${line}: ${code.split('\n')[0]}`;

test('each block of commands is marked: <!-- run by FILE --> or <!-- not run: REASON -->', () => {
  expect(blocks.filter((block) => isForShell(block) && !block.mark).map(place)).toEqual([]);
});

test('a test that is said to run blocks takes them from the documents', () => {
  const named = blocks.flatMap(({ mark }) => (mark && 'runBy' in mark ? [mark.runBy] : []));
  for (const file of new Set(named)) {
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(readFileSync(join(root, file), 'utf8'), file).toContain(`blocksRunBy('${file}')`);
  }
  expect(new Set(named).size).toBeGreaterThan(1);
});

test('a file that the reason for not running names is there', () => {
  const reasons = blocks.flatMap(({ mark }) => (mark && 'notRun' in mark ? [mark.notRun] : []));
  const files = reasons.flatMap((reason) => reason.match(/\b[\w.-]+(?:\/[\w.-]+)+\.(?:m?ts|mjs)\b/g) ?? []);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  expect(reasons.filter((reason) => reason.length < 15)).toEqual([]);
});

test('each mark stands before a block', () => {
  for (const document of new Set(blocks.map((block) => block.document))) {
    const marks = readFileSync(join(root, document), 'utf8').match(/^<!-- (?:run by|not run).*$/gm) ?? [];
    expect(blocks.filter((block) => block.document === document && block.mark).length, document).toBe(
      marks.length,
    );
  }
});

test.each<[what: string, text: string, expected: readonly object[]]>([
  [
    'a fence with its mark',
    'text\n\n<!-- run by a.test.ts -->\n\n```sh\nls\n\nls -l\n```\n',
    [{ language: 'sh', code: 'ls\n\nls -l', line: 6, mark: { runBy: 'a.test.ts' } }],
  ],
  [
    'an indented block, whole, with its mark',
    'text\n\n<!-- not run: takes a broker -->\n\n    ls \\\n      -l\n\n    pwd\n\ntext\n\n    du\n',
    [{ code: 'ls \\\n  -l\n\npwd', mark: { notRun: 'takes a broker' } }, { code: 'du' }],
  ],
  [
    'a mark with text behind it: it is no mark of the block',
    '<!-- run by a.test.ts -->\n\ntext\n\n    ls\n',
    [{ code: 'ls' }],
  ],
  [
    'what is indented within a fence is of the fence',
    '```yaml\na:\n\n    b: 1\n```\n',
    [{ language: 'yaml' }],
  ],
  ['what goes on after a line of text is no code', 'text\n    goes on\n', []],
])('found is %s', (_what, text, expected) => {
  const found = blocksIn('a.md', text);
  expect(found).toMatchObject(expected);
  expect(found.map(({ mark }) => mark !== undefined)).toEqual(expected.map((each) => 'mark' in each));
});

test.each<[language: string, code: string, expected: boolean]>([
  ['sh', 'ls', true],
  ['', 'ls', true],
  ['', 'NAME=value ls', true],
  ['', 'NAME=value \\\nls', true],
  ['', 'A_NAME=<its value>\nOTHER={x},{y}', false],
  ['json', '{}', false],
  ['text', 'ls', false],
])('%s block, %j: for a shell: %s', (language, code, expected) => {
  expect(isForShell({ language, code })).toBe(expected);
});

import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import { checkCompatibility as untyped } from './check-compatibility.mjs';

type Read = (path: string) => string | undefined;
const checkCompatibility = untyped as (document: string, read: Read) => readonly string[];

const files: Readonly<Record<string, string>> = {
  'apps/a/src/adapter.test.ts': `
    describe('uploading', () => {
      test('an event is taken, once the network has it', async () => {});
      test.each([
        ['a disabled device', 404],
      ])('%s hears %i', (_what, status) => {});
      test('a message that isn\\'t known is refused', () => {});
    });`,
  'packages/b/src/b.test.ts': `test(\`beta is \${what}\`, () => {});`,
};

function problemsOf(...rows: readonly string[]): readonly string[] {
  const section = [
    '## 1. Uploads',
    '',
    'Tests are\nin `apps/a/src`, unless their file has a path.',
    '',
    '| rule | as in Hono | test |',
    '| --- | :-: | --- |',
    ...rows.map((row) => `| ${row} |`),
  ];
  return checkCompatibility(`# Title\n\n${section.join('\n')}\n`, (path) => files[path]);
}

test.each([
  'r | same | `adapter.test.ts`: "an event is taken, once the network has it"',
  'r | same, other text | `adapter.test.ts`: "an event is taken, …"',
  'r | better: at once | `adapter.test.ts`: "a disabled device", "%s hears %i"',
  'r | same | `adapter.test.ts`: "uploading"; `packages/b/src/b.test.ts`: "beta is …"',
  'r `a \\| b` | same | `adapter.test.ts`: "a message that isn\'t known is refused"',
  'r | not supported: too large | –',
  'r | commands: to come (501) | –',
])('this row is right: %s', (row) => expect(problemsOf(row)).toEqual([]));

test.each([
  ['r | same | –', 'r: names no test'],
  ['r | refused | –', 'r: must begin with same, better, not supported or commands: to come: refused'],
  ['r | same | `adapter.test.ts`', 'r: no test is named so: `adapter.test.ts`'],
  ['r | same | U: an event is taken', 'r: no test is named so: U: an event is taken'],
  ['r | same | `other.test.ts`: "x is taken"', 'r: there is no apps/a/src/other.test.ts'],
  [
    'r | not supported: why | `adapter.test.ts`: "an event is lost"',
    'r: apps/a/src/adapter.test.ts has no test "an event is lost"',
  ],
  [
    'r | same | `adapter.test.ts`: "uploading", "an event is"',
    'r: apps/a/src/adapter.test.ts has no test "an event is"',
  ],
  // It would fit any row of any table.
  ['r | same | `packages/b/src/b.test.ts`: "…"', 'r: packages/b/src/b.test.ts has no test "…"'],
])('this row is wrong: %s', (row, problem) => expect(problemsOf(row)).toEqual([problem]));

test('a table that is not one of rules is left alone', () => {
  const table = '| what happened | what it said |\n| --- | --- |\n| kill -9 | nothing |\n';
  expect(checkCompatibility(`## 2. Measured\n\n${table}`, () => undefined)).toEqual([]);
});

test('each section has a folder of its own', () => {
  const table =
    '| rule | here | test |\n| --- | --- | --- |\n| r | same | `adapter.test.ts`: "uploading" |\n';
  const document = `## 1. A\n\nTests are in \`apps/a/src\`.\n\n${table}\n## 2. B\n\n${table}`;
  expect(checkCompatibility(document, (path) => files[path])).toEqual(['r: there is no adapter.test.ts']);
});

import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as untyped from './failed-tests.mjs';

const { failedTests }: { failedTests(testFiles: readonly object[], root: string): readonly string[] } =
  untyped;

const passed = { status: 'passed', fullName: 'adds numbers', failureMessages: [] };
const failed = {
  status: 'failed',
  fullName: 'divides numbers',
  failureMessages: ['expected 2 to be 3\n at line 4'],
};

test('of a file, the tests that failed are named, with what they said', () => {
  const file = {
    name: '/repository/src/sums.test.ts',
    status: 'failed',
    message: '',
    assertionResults: [passed, failed],
  };
  expect(failedTests([file], '/repository')).toEqual([
    'FAILED src/sums.test.ts > divides numbers',
    '    expected 2 to be 3',
    '     at line 4',
  ]);
});

test('a file that could not run is named, with why', () => {
  const file = {
    name: '/repository/src/sums.test.ts',
    status: 'failed',
    message: 'no such module',
    assertionResults: [],
  };
  expect(failedTests([file], '/repository')).toEqual(['FAILED src/sums.test.ts', '    no such module']);
});

test('of a long message the beginning is told', () => {
  const long = {
    ...failed,
    failureMessages: [Array.from({ length: 100 }, (_, line) => `line ${line}`).join('\n')],
  };
  const file = {
    name: '/repository/src/sums.test.ts',
    status: 'failed',
    message: '',
    assertionResults: [long],
  };
  const lines = failedTests([file], '/repository');
  expect(lines).toHaveLength(13);
  expect(lines.at(-1)).toBe('    line 11');
});

test('nothing is told of files whose tests all passed', () => {
  const file = {
    name: '/repository/src/sums.test.ts',
    status: 'passed',
    message: '',
    assertionResults: [passed],
  };
  expect(failedTests([file], '/repository')).toEqual([]);
});

import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as untyped from './check-packed.mjs';

const script: {
  packedProblems(packed: {
    readonly files: readonly string[];
    readonly sources: readonly string[];
    readonly exports: object;
    readonly isProgram?: boolean;
  }): readonly string[];
} = untyped;

const sources = ['src/index.ts', 'src/read/line.ts', 'src/testing/bed.ts', 'src/index.test.ts'];
const problems = (file: string, exports: object = {}): readonly string[] =>
  script.packedProblems({ files: ['package.json', 'README.md', 'dist/index.js', file], sources, exports });

test.each([
  'dist/index.js',
  'dist/index.d.ts',
  'dist/index.js.map',
  'dist/read/line.d.ts.map',
  'dist/page/index.html',
  'dist/page/assets/index-BM6goEb6.css',
  'demo/registry.yaml',
])('%s may be published', (file) => {
  expect(problems(file)).toEqual([]);
});

test.each([
  ['dist/testing/bed.js', 'is test code'],
  ['dist/index.test.js', 'must not be published'],
  ['src/testing/bed.ts', 'is test code'],
  ['dist/.tsbuildinfo', 'must not be published'],
  ['dist/page/index.html.map', 'has no source: remove dist, and build'],
  ['dist/gone.js', 'has no source: remove dist, and build'],
])('%s is a problem', (file, problem) => {
  expect(problems(file)).toEqual([`${file} ${problem}`]);
});

test.each(['dist/main.js', 'dist/store-thread.js.map', 'dist/THIRD-PARTY-LICENSES.txt'])(
  '%s of a program may be published, without a source of its name',
  (file) => {
    const packed = { files: [file], sources, exports: {} };
    expect(script.packedProblems({ ...packed, isProgram: true })).toEqual([]);
    expect(script.packedProblems(packed)).toHaveLength(1);
  },
);

test('a file in a folder of a program is a problem: it comes from an older build', () => {
  const packed = { files: ['dist/read/gone.js'], sources, exports: {}, isProgram: true };
  expect(script.packedProblems(packed)).toHaveLength(1);
});

test('a package that exports what tests of others use publishes that', () => {
  expect(problems('dist/testing/bed.js', { './testing': {} })).toEqual([]);
});

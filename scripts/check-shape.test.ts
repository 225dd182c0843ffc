import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as untyped from './check-shape.mjs';

const {
  checkShape,
  buildProblems,
}: {
  checkShape(member: object): readonly string[];
  buildProblems(
    packages: readonly string[],
    tsconfig: { readonly references: readonly { readonly path: string }[] },
  ): readonly string[];
} = untyped;

const sound = {
  kind: 'packages',
  folder: 'sound',
  manifest: {
    name: '@rollcall/sound',
    description: 'Sound.',
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: '>=22' },
    files: ['dist'],
    scripts: { test: 'vitest' },
    exports: { '.': { '@rollcall/source': './src/index.ts' }, './package.json': './package.json' },
    dependencies: { '@rollcall/core': 'workspace:^', other: '1.0.0' },
  },
  tsconfig: { exclude: ['src/**/*.test.ts'], references: [{ path: '../core/tsconfig.build.json' }] },
  turbo: { tags: ['kit'] },
  files: ['README.md', 'src/index.ts'],
};

test('a sound package has no problems', () => {
  expect(checkShape(sound)).toEqual([]);
});

test('a package may export what tests of others use', () => {
  const exports = { './testing': { '@rollcall/source': './src/testing/index.ts' } };
  const files = [...sound.files, 'src/testing/index.ts'];
  expect(checkShape({ ...sound, manifest: { ...sound.manifest, exports }, files })).toEqual([]);
});

test('a program that is bundled needs no references', () => {
  expect(
    checkShape({
      ...sound,
      kind: 'apps',
      manifest: { ...sound.manifest, bin: 'dist/main.js', scripts: { build: 'rolldown', test: 'vitest' } },
      tsconfig: {},
      files: ['README.md', 'src/main.ts'],
    }),
  ).toEqual([]);
});

test.each([
  ['another name', { manifest: { ...sound.manifest, name: 'sound' } }, 'name must be @rollcall/sound'],
  ['another license', { manifest: { ...sound.manifest, license: 'MIT' } }, 'license must be Apache-2.0'],
  ['an app without a build', { kind: 'apps' }, 'script build is missing'],
  ['no test script', { manifest: { ...sound.manifest, scripts: { build: 'x' } } }, 'script test is missing'],
  [
    'an export without sources',
    { manifest: { ...sound.manifest, exports: { './x': {} } } },
    'export ./x has no @rollcall/source',
  ],
  ['a dependency without reference', { tsconfig: {} }, 'no reference to core'],
  [
    'a reference without dependency',
    {
      tsconfig: {
        ...sound.tsconfig,
        references: [{ path: '../core/tsconfig.build.json' }, { path: '../client/tsconfig.build.json' }],
      },
    },
    'reference to client',
  ],
  ['tests that are built', { tsconfig: { ...sound.tsconfig, exclude: [] } }, 'must exclude src/**/*.test.ts'],
  ['test code that is built', { files: [...sound.files, 'src/testing/a.ts'] }, 'must exclude src/testing'],
  [
    'test code that is shipped as it is',
    { manifest: { ...sound.manifest, files: ['dist', 'src/testing'] } },
    'files must not include src/testing',
  ],
  [
    'test code exported by another name',
    { manifest: { ...sound.manifest, exports: { './bed': { '@rollcall/source': './src/testing/bed.ts' } } } },
    'export ./bed is test code',
  ],
  [
    'test code exported by an app',
    {
      manifest: {
        ...sound.manifest,
        bin: 'dist/main.js',
        exports: { './testing': { '@rollcall/source': './src/testing/index.ts' } },
      },
      files: [...sound.files, 'src/testing/index.ts'],
    },
    'export ./testing is for packages',
  ],
  ['two tags', { turbo: { tags: ['kit', 'core'] } }, 'must have one tag'],
  ['no README', { files: ['src/index.ts'] }, 'README.md is missing'],
  ['no entry', { files: ['README.md'] }, 'its entry in src is missing'],
  [
    'an adapter without tracker',
    { kind: 'apps', turbo: { tags: ['adapter'] }, files: ['README.md', 'src/main.ts'] },
    'src/tracker.ts is missing',
  ],
  [
    'an adapter that has another name for its answers',
    { kind: 'apps', turbo: { tags: ['adapter'] }, files: ['README.md', 'src/main.ts', 'src/conditions.ts'] },
    'src/device-answers.ts is missing',
  ],
  [
    'an adapter without a file that serves a device',
    { kind: 'apps', turbo: { tags: ['adapter'] }, files: ['README.md', 'src/main.ts', 'src/routes.ts'] },
    'src/device-connection.ts or src/serve-device.ts is missing',
  ],
])('%s is a problem', (_what, change, problem) => {
  expect(checkShape({ ...sound, ...change }).join('\n')).toContain(problem);
});

test('the compiler builds every package', () => {
  const references = [{ path: 'packages/core/tsconfig.build.json' }];
  expect(buildProblems(['core'], { references })).toEqual([]);
  expect(buildProblems(['core', 'client'], { references })).toEqual([
    'tsconfig.build.json: no reference to packages/client',
  ]);
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { walkFiles } from '../test/interop/walks/walk-files.ts';

// The tables of docs/architecture.md are those of the repository.

const root = fileURLToPath(new URL('..', import.meta.url));
const rows = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

const members = ['apps', 'packages'].flatMap((kind) =>
  readdirSync(join(root, kind))
    .map((folder) => `${kind}/${folder}`)
    .filter((folder) => existsSync(join(root, folder, 'package.json'))),
);

describe.each(members)('%s', (folder) => {
  const [, , purpose, startAt = ''] = rows.find(([, first]) => first === `\`${folder}\``) ?? [];

  test('has a row with the description of its package.json', () => {
    const { description } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      readonly description: string;
    };
    expect(purpose).toBe(description.replace(/\.$/, ''));
  });

  test('has the files at which to start reading', () => {
    const files = [...startAt.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);
    expect(files).not.toEqual([]);
    expect(files.filter((file) => !existsSync(join(root, folder, file)))).toEqual([]);
  });
});

/** Packages around an adapter whose rooms the second table shows. */
const around = [
  'runtime',
  'file-follower',
  'options',
  'messaging-module',
  'outbox',
  'access',
  'presence',
  'uplink',
  'adapter-kit',
  'adapter-process',
  'adapter-conformance',
];

test('every folder of the packages around an adapter has a row, and no row is without its folder', () => {
  const folders = around.flatMap((name) =>
    readdirSync(join(root, 'packages', name, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'testing')
      .map((entry) => `\`${name}/src/${entry.name}/\``),
  );
  const named = rows.map(([, first = '']) => first).filter((name) => /^`[\w-]+\/src\/[\w-]+\/`$/.test(name));
  expect(named.filter((name) => around.some((each) => name.startsWith(`\`${each}/`))).toSorted()).toEqual(
    folders.toSorted(),
  );
});

test.each(members.filter((folder) => /^apps\/.*adapter/.test(folder)))(
  'the README of %s is titled as the others are',
  (folder) => {
    expect(readFileSync(join(root, folder, 'README.md'), 'utf8')).toMatch(
      /^# The [\w.-]+(?: [\w.-]+)* adapter\n/,
    );
  },
);

describe.each(['CONNECT', 'POST'] as const)('the walk of a %s', (request) => {
  const { entered, later } = walkFiles(request);

  test('has only files that are in their package, each once', () => {
    const all = [...entered, ...later];
    expect(all.length).toBeGreaterThan(40);
    expect(all.filter((path, index) => all.indexOf(path) !== index)).toEqual([]);
    expect(all.filter((path) => !isSource(path))).toEqual([]);
  });

  test('has as many files as its introduction says', () => {
    const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    const [, introduction = ''] =
      new RegExp(`^## The walk of a ${request}\\n([^|]*)\\|`, 'm').exec(text) ?? [];
    expect(Number(/ (\d+) files/.exec(introduction)?.[1])).toBe(entered.length);
  });
});

/** @param path a package or an app, and a file in its `src`. */
function isSource(path: string): boolean {
  const [member = '', ...rest] = path.split('/');
  return ['packages', 'apps'].some((kind) => existsSync(join(root, kind, member, 'src', ...rest)));
}

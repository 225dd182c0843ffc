import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

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

test('every folder of the kit has a row, and no row is without its folder', () => {
  const folders = readdirSync(join(root, 'packages/adapter-kit/src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `\`${name}/\``);
  const named = rows
    .flatMap(([, first = '']) => first.split(', '))
    .filter((name) => /^`[\w-]+\/`$/.test(name));
  expect(named.toSorted()).toEqual(folders.toSorted());
});

test.each(members.filter((folder) => /^apps\/.*adapter/.test(folder)))(
  'the README of %s is titled as the others are',
  (folder) => {
    expect(readFileSync(join(root, folder, 'README.md'), 'utf8')).toMatch(
      /^# The [\w.-]+(?: [\w.-]+)* adapter\n/,
    );
  },
);

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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

test('every file and folder to which a change belongs is there', () => {
  const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const [, section = ''] = /^## Where a change belongs\n([^]*?)^## /m.exec(text) ?? [];
  const paths = [...section.matchAll(/`((?:apps|packages|docs|test)\/[^`]*)`/g)].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(30);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each(['CONNECT', 'POST'])('every file on the walk of a %s is in its package', (request) => {
  const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const [, walk = ''] = new RegExp(`^## The walk of a ${request}\\n([^]*?)^## `, 'm').exec(text) ?? [];
  const missing: string[] = [];
  let files = 0;
  for (const row of walk.split('\n')) {
    let home = '';
    for (const [, member, file = ''] of row.matchAll(/\b([a-z][a-z-]*): (?=`)|`([a-z0-9-]+\.ts)`/g)) {
      // Files of a thread are those of the package that starts it. Others without a package were named before.
      if (member !== undefined) home = member === 'thread' ? home : member;
      else if (home !== '') {
        files += 1;
        if (!sourcesOf(home).has(file)) missing.push(`${home}: ${file}`);
      }
    }
  }
  expect(files).toBeGreaterThan(40);
  expect(missing).toEqual([]);
});

function sourcesOf(name: string): ReadonlySet<string> {
  const source = ['packages', 'apps']
    .map((kind) => join(root, kind, name, 'src'))
    .find((path) => existsSync(path));
  return new Set(
    source === undefined
      ? []
      : readdirSync(source, { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
  );
}

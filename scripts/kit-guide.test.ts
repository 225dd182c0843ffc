import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as untyped from './public-names.mjs';

const { publicEntries }: { publicEntries(root: string): readonly { readonly names: readonly string[] }[] } =
  untyped;

// What docs/add-a-protocol.md says that the kit gives exists.

const root = fileURLToPath(new URL('..', import.meta.url));
const guide = readFileSync(join(root, 'docs/add-a-protocol.md'), 'utf8');
const [, table = ''] = /<!-- exports -->([^]*?)<!-- \/exports -->/.exec(guide) ?? [];
const named = table
  .split('\n')
  .flatMap((row) => [...(row.split('|')[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));

const sources = globSync('packages/*/src/**/*.ts', { cwd: root })
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** Every name that a package gives to everyone. */
const exported = new Set(publicEntries(root).flatMap(({ names }) => names));

/** The members of an interface, with their types. */
function membersOf(name: string): ReadonlyMap<string, string> {
  for (const { text } of sources) {
    const [, body] = new RegExp(`^export interface ${name} \\{\\n([^]*?)^\\}`, 'm').exec(text) ?? [];
    if (body !== undefined)
      return new Map(
        [...body.matchAll(/^ {2}(?:readonly )?(\w+)(?:\??: (\w*)|[<(])/gm)].map(
          ([, member = '', type = '']) => [member, type],
        ),
      );
  }
  return new Map();
}

test('the table has a row for each thing that an adapter needs', () => {
  for (const need of [
    'listening',
    'options',
    'limits',
    'addresses',
    'refusals',
    'uploads',
    'sessions',
    'leases',
  ])
    expect(table).toContain(`**${need}**`);
  expect(named.length).toBeGreaterThan(30);
});

test.each(named.filter((name) => name.startsWith('host.')))(
  '%s is a member of what an adapter gets',
  (name) => {
    const [, part = '', member] = name.split('.');
    const type = membersOf('AdapterHost').get(part);
    expect(type).toBeDefined();
    expect([...membersOf(type ?? '').keys()]).toContain(member);
  },
);

test.each(named.filter((name) => !name.startsWith('host.')))('%s is an export of a package', (name) => {
  expect([...exported]).toContain(name);
});

const conformance = readFileSync(join(root, 'packages/adapter-conformance/README.md'), 'utf8');
const fieldTables = [...conformance.matchAll(/<!-- members of (\w+) -->([^]*?)<!-- \/members -->/g)].map(
  ([, name = '', rows = '']) =>
    [name, [...rows.matchAll(/^\| `(\w+)`/gm)].map(([, field]) => field)] as const,
);

test('what describeAdapter needs is in tables', () => {
  expect(fieldTables.map(([name]) => name)).toEqual([
    'AdapterHarness',
    'DevicePeer',
    'HeartBeats',
    'DeviceBytes',
  ]);
});

test.each(fieldTables)('the table of %s has each of its fields', (name, fields) => {
  expect(new Set(fields)).toEqual(new Set(membersOf(name).keys()));
});

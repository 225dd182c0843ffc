import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as untyped from './env-table.mjs';

const script: {
  optionsIn(config: object): object;
  tableOf(app: string): Promise<string | undefined>;
  withTable(readme: string, table: string): string;
} = untyped;
const { optionsIn, tableOf, withTable } = script;

const root = fileURLToPath(new URL('..', import.meta.url));

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['--conditions=@rollcall/source', 'scripts/env-table.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
  });

const apps = readdirSync(join(root, 'apps')).filter((app) =>
  existsSync(join(root, 'apps', app, 'src/config.ts')),
);

const rowsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^\| `ROLLCALL_.*$/gm)].map(([row]) => row.replaceAll(/ +/g, ' '));

test.each(apps)('the table of %s is the one that its README has', async (app) => {
  const [readme = ''] =
    /<!-- environment -->[^]*<!-- \/environment -->/.exec(
      readFileSync(join(root, `apps/${app}/README.md`), 'utf8'),
    ) ?? [];
  const rows = rowsOf((await tableOf(app)) ?? '');
  expect(rows.length).toBeGreaterThan(0);
  expect(rows).toEqual(rowsOf(readme));
});

test('the table of an app is printed', async () => {
  const [app = ''] = apps;
  expect(run(app)).toMatchObject({ status: 0, stdout: `${await tableOf(app)}\n` });
});

test('an app that is none is a mistake', () => {
  expect(run('nothing')).toMatchObject({ status: 2, stderr: expect.stringContaining('say which adapter') });
});

test('a README gets the new table in the place of the old one', () => {
  const readme = 'a\n\n<!-- environment -->\n\n| old |\n\n<!-- /environment -->\n\nb\n';
  expect(withTable(readme, '| new $& |')).toBe(readme.replace('| old |', () => '| new $& |'));
  expect(() => withTable('nothing', '')).toThrow('has no <!-- environment -->');
});

test('the options are the one object that is named so', () => {
  const fooOptions = { port: {} };
  expect(optionsIn({ fooOptions, loadFooConfig() {}, fooAdapterOptions() {} })).toBe(fooOptions);
  expect(() => optionsIn({})).toThrow('must export one object');
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// The image is not built in tests. What it sets is compared with the options that each app documents, by a table that is made of them.

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Stage {
  readonly name: string;
  readonly base: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly ports: readonly number[];
}

/** Stages by their names, without comments. */
const stages: ReadonlyMap<string, Stage> = new Map(
  read('Dockerfile')
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split(/^FROM /m)
    .map(readStage)
    .map((stage) => [stage.name, stage]),
);

function readStage(text: string): Stage {
  const [, base = '', name = ''] = /^(\S+) AS (\S+)/.exec(text) ?? [];
  const variables = [...text.matchAll(/^ENV (.*)$/gm)].flatMap(([, all = '']) =>
    all
      .trim()
      .split(/\s+/)
      .map((each): [string, string] => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
  );
  const ports = [...text.matchAll(/^EXPOSE (.*)$/gm)].flatMap(([, all = '']) =>
    all.trim().split(/\s+/).map(Number.parseFloat),
  );
  return { name, base, variables: new Map(variables), ports };
}

function variablesOf(name: string): ReadonlyMap<string, string> {
  const stage = stages.get(name);
  return stage ? new Map([...variablesOf(stage.base), ...stage.variables]) : new Map();
}

/** Options of an app by their names, with their defaults. */
function optionsOf(app: string): ReadonlyMap<string, string> {
  const rows = read(`apps/${app}/README.md`).matchAll(/^\| `(ROLLCALL_\w+)`\s*\|([^|]*)\|/gm);
  return new Map([...rows].map(([, name = '', value = '']) => [name, value.replaceAll('`', '').trim()]));
}

const servers = [
  'mqtt-adapter',
  'http-adapter',
  'amqp-adapter',
  'coap-adapter',
  'presence',
  'device-registry',
];

test.each(servers)('the image of %s sets options that there are, and binds all of its ports', (app) => {
  const options = optionsOf(app);
  const variables = variablesOf(app);
  const ours = [...variables.keys()].filter((name) => name.startsWith('ROLLCALL_'));
  expect(ours.filter((name) => !options.has(name))).toEqual([]);
  const addresses = [...options.keys()].filter((name) => name.endsWith('BINDADDRESS'));
  expect(addresses.length).toBeGreaterThan(1);
  for (const name of addresses) expect([name, variables.get(name)]).toEqual([name, '0.0.0.0']);
});

test.each(servers)('the image of %s declares the ports that it listens on by default', (app) => {
  const options = optionsOf(app);
  const own = [...options.keys()]
    .filter((name) => name.endsWith('BINDADDRESS'))
    .map((name) =>
      Number(options.get(name.replace('BINDADDRESS', name.includes('INSECUREPORT') ? '' : 'PORT'))),
    );
  expect(stages.get(app)?.ports.toSorted((a, b) => a - b)).toEqual(own.toSorted((a, b) => a - b));
});

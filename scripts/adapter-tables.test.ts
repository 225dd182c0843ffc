import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { adapterEntry, type AdapterEntry } from '../apps/rollcall/src/adapters/adapter-entry.ts';
import { adapterTable } from '../apps/rollcall/src/adapters/adapter-table.ts';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as untyped from './adapter-tables.mjs';

// What is listed by adapter is what the package.json of each says in its field `rollcall`.

const { lists, appsIn, manifestsOfApps, publishedAdapters, imageStage, bindAddressOf } = untyped as {
  readonly lists: Readonly<Record<string, (text: string, adapters: readonly AdapterEntry[]) => string>>;
  appsIn(root: string): readonly string[];
  manifestsOfApps(root: string): readonly { readonly name: string }[];
  publishedAdapters(manifests: readonly object[]): readonly AdapterEntry[];
  imageStage(adapter: AdapterEntry): string;
  bindAddressOf(variable: string): string;
};

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifests = manifestsOfApps(root);
const published = publishedAdapters(manifests);
const all = manifests.flatMap((manifest) => adapterEntry(manifest) ?? []);

/** A formatter aligns the columns of a table. */
const compact = (text: string): unknown =>
  text.startsWith('{') ? JSON.parse(text) : text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');

test('every app with a tag that says so is an adapter, and no other', () => {
  const tagged = appsIn(root).filter((name) => read(`apps/${name}/turbo.json`).includes('"adapter"'));
  expect(all.map(({ name }) => name).toSorted()).toEqual(tagged.toSorted());
});

test.each(Object.entries(lists))('%s lists every adapter, as `npm run tables` writes it', (file, written) => {
  expect(compact(read(file))).toEqual(compact(written(read(file), published)));
});

test('`rollcall up` starts every adapter that is published', () => {
  expect(adapterTable()).toEqual(published);
});

test('no two adapters have the same port in `rollcall up`', () => {
  const ports = published.flatMap(({ up }) => [`${up.transport} ${up.port}`, `tcp ${up.healthPort}`]);
  expect(ports).toEqual([...new Set(ports)]);
});

describe.each(all.map((entry) => [entry.name, entry] as const))('%s', (name, { ports, up }) => {
  const environment = new Map(
    [...read(`apps/${name}/README.md`).matchAll(/^\| `(ROLLCALL_\w+)` +\| (?:`([^`]*)`)?/gm)].map(
      ([, variable = '', fallback]) => [variable, fallback],
    ),
  );
  const section = /^ROLLCALL_[A-Z0-9_]+?_(?=[A-Z]+$)/.exec(ports[0]?.variable ?? '')?.[0] ?? '';
  const own = (suffix: RegExp): readonly string[] =>
    [...environment.keys()].filter((variable) => variable.startsWith(section) && suffix.test(variable));

  test('has the ports that its options have, by default', () => {
    expect(ports.map(({ variable }) => variable)).toEqual(own(/PORT$/));
    for (const { port, variable } of ports) expect(environment.get(variable)).toBe(String(port));
  });

  test('is told in its image to bind each of its ports to every address', () => {
    expect(ports.map(({ variable }) => bindAddressOf(variable)).toSorted()).toEqual(
      own(/BINDADDRESS$/).toSorted(),
    );
  });

  test('knows every variable that `rollcall up` gives it, and takes its port from there', () => {
    expect(Object.keys(up.environment).filter((variable) => !environment.has(variable))).toEqual([]);
    expect(Object.values(up.environment)).toContain('{port}');
    expect(up.url).toContain('{port}');
  });
});

test('the Dockerfile has a stage for each app that is published, which the argument APP names', () => {
  const dockerfile = read('Dockerfile');
  const stages = [...dockerfile.matchAll(/^FROM (?:app|program) AS (\S+)$/gm)].map(([, stage = '']) => stage);
  const apps = appsIn(root).filter(
    (folder) => !('private' in (JSON.parse(read(`apps/${folder}/package.json`)) as object)),
  );
  expect(stages.filter((stage) => stage !== 'app').toSorted()).toEqual(apps.toSorted());
  expect(dockerfile).toMatch(/^ARG APP$[^]*^FROM \$\{APP\}\n$/m);
  // The name of a package may be another than that of its folder.
  expect(dockerfile).toContain(
    `turbo prune "$(node -p "require('./apps/\${APP}/package.json').name")" --docker`,
  );
});

test('the Dockerfile takes the versions of its tools from package.json', () => {
  const { devDependencies, toolchain } = JSON.parse(read('package.json')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
    readonly toolchain: Readonly<Record<'node' | 'pnpm', string>>;
  };
  const dockerfile = read('Dockerfile');
  expect(dockerfile).toContain(`turbo@${devDependencies['turbo']} `);
  expect(dockerfile).toContain(`pnpm@${toolchain.pnpm}\n`);
  expect(dockerfile).toContain(`node:${toolchain.node.split('.')[0]}-slim`);
});

test('an image stage names every port, with its transport', () => {
  const coap = published.find(({ name }) => name === 'coap-adapter');
  expect(coap && imageStage(coap)).toBe(
    [
      'FROM app AS coap-adapter',
      'ENV ROLLCALL_COAP_INSECUREPORTBINDADDRESS=0.0.0.0 \\',
      '  ROLLCALL_COAP_BINDADDRESS=0.0.0.0',
      'EXPOSE 5683/udp 5684/udp 8088',
      '',
      '',
    ].join('\n'),
  );
});

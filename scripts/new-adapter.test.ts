import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as untyped from './new-adapter.mjs';
// @ts-expect-error -- the same
import * as untypedProse from './check-prose.mjs';

interface Wording {
  readonly title?: string;
  readonly speaks?: string;
  readonly port?: number;
}

interface Script {
  nameProblem(name: string | undefined, apps: readonly string[]): string | undefined;
  titleProblem(title: string | undefined): string | undefined;
  speaksProblem(speaks: string | undefined): string | undefined;
  portProblem(port: string | undefined): string | undefined;
  readArguments(
    args: readonly string[],
    apps: readonly string[],
  ): { readonly name?: string; readonly wording?: Wording; readonly problem?: string };
  renamed(text: string, name: string, wording?: Wording): string;
  wrapped(text: string): string;
  adapterManifest(text: string, name: string, adapters: readonly object[]): string;
  lockfileWith(text: string, name: string): string;
  plan(repository: {
    name: string;
    wording?: Wording;
    read(path: string): string;
    files: readonly string[];
    apps: readonly string[];
  }): ReadonlyMap<string, string>;
  templateFiles(source: string): readonly string[];
}

const script: Script = untyped;
const { checkProse }: { checkProse(text: string): readonly object[] } = untypedProse;
const { nameProblem, titleProblem, speaksProblem, portProblem, readArguments } = script;
const { renamed, wrapped, adapterManifest, lockfileWith, plan, templateFiles } = script;

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const apps = readdirSync(join(root, 'apps')).filter((app) =>
  existsSync(join(root, 'apps', app, 'package.json')),
);

describe('a name', () => {
  test.each(['foo', 'my-proto', 'lwm2m', 'a1-b2-c3'])('%s may be used', (name) => {
    expect(nameProblem(name, ['mqtt-adapter', 'rollcall'])).toBeUndefined();
  });

  test.each([
    [undefined, 'say which protocol'],
    ['', 'must be lower-case'],
    ['Foo', 'must be lower-case'],
    ['1foo', 'must be lower-case'],
    ['foo_bar', 'must be lower-case'],
    ['foo--bar', 'must be lower-case'],
    ['foo-', 'must be lower-case'],
    ['../foo', 'must be lower-case'],
    ['x'.repeat(41), '40 characters at most'],
    ['foo-adapter', 'leave "adapter" out'],
    ['mqtt', 'there is apps/mqtt-adapter already'],
    ['template', 'is taken by the repository'],
    ['new', 'is taken by the repository'],
  ])('%s may not be used', (name, problem) => {
    expect(nameProblem(name, ['mqtt-adapter', 'rollcall'])).toContain(problem);
  });
});

test.each([
  ['@rollcall/adapter-template', '@rollcall/my-proto-adapter'],
  ['"rollcall-adapter-template": "dist/main.js"', '"rollcall-my-proto-adapter": "dist/main.js"'],
  ['apps/adapter-template/', 'apps/my-proto-adapter/'],
  ['rollcall-template', 'rollcall-my-proto'],
  ['ROLLCALL_TEMPLATE_PORT', 'ROLLCALL_MY_PROTO_PORT'],
  ['createTemplateAdapter', 'createMyProtoAdapter'],
  ['TemplateSignal', 'MyProtoSignal'],
  ['templateTracker', 'myProtoTracker'],
  ['# The template adapter', '# The my-proto adapter'],
  ['node scripts/run.mjs app adapter-template', 'npm run my-proto-adapter'],
  ['a\n\n<!-- template only -->\n\nx\n\n<!-- /template only -->\n\nb', 'a\n\nb'],
])('%j becomes %j', (text, expected) => {
  expect(renamed(text, 'my-proto')).toBe(expected);
});

describe('the documents of a new adapter', () => {
  const template = read('apps/adapter-template/README.md');

  test.each<readonly [string, Wording]>([
    ['foo', {}],
    ['x'.repeat(40), { title: 'X'.repeat(40), speaks: `${'x'.repeat(29)} ${'y'.repeat(30)}` }],
  ])('have no line that is too long, whatever the names are: %s', (name, wording) => {
    const source = join(root, 'apps/adapter-template');
    const texts = plan({ name, wording, read, files: templateFiles(source), apps });
    const long = [...texts].filter(([path]) => path.includes(name) && path.endsWith('.md'));
    expect(long.length).toBeGreaterThan(1);
    expect(long.flatMap(([, text]) => checkProse(text))).toEqual([]);
  });

  test('are wrapped where a line is too long only, and lose no word', () => {
    expect(wrapped(template)).toBe(template);
    const text = `# ${'h'.repeat(130)}\n\nshort\nlines\n\n- a\n- ${'word '.repeat(30)}end\n  and more\n- b\n\n    ${'code '.repeat(30)}\n`;
    expect(wrapped(text).split('\n')).toEqual([
      `# ${'h'.repeat(130)}`,
      '',
      'short',
      'lines',
      '',
      '- a',
      `- ${'word '.repeat(22)}word`,
      `  ${'word '.repeat(7)}end and more`,
      '- b',
      '',
      `    ${'code '.repeat(30)}`,
      '',
    ]);
  });
});

describe('a title', () => {
  test.each([undefined, 'STOMP', 'LwM2M 1.2', 'Modbus TCP'])('%s may be used', (title) => {
    expect(titleProblem(title)).toBeUndefined();
  });

  test.each([
    '',
    ' STOMP',
    'STOMP ',
    'a  b',
    'a/b',
    "it's",
    '`x`',
    '$&',
    'a|b',
    '<b>',
    'a\nb',
    'x'.repeat(41),
  ])('%j may not be used', (title) => {
    expect(titleProblem(title)).toContain('a title has letters');
  });

  test('stands wherever people read the name, and in no identifier, variable or path', () => {
    const source = join(root, 'apps/adapter-template');
    const files = templateFiles(source);
    const texts = plan({ name: 'stomp', wording: { title: 'STOMP' }, read, files, apps });
    const own = (file: string): string => texts.get(`apps/stomp-adapter/${file}`) ?? '';
    expect(own('README.md')).toMatch(/^# The STOMP adapter\n/);
    expect(own('src/device-connection.ts')).toContain("protocol: 'STOMP',");
    expect(own('src/adapter.test.ts')).toContain("describeAdapter('STOMP',");
    expect(own('src/adapter.ts')).toContain("type: 'rollcall-stomp'");
    expect(own('src/adapter.ts')).toContain('createStompAdapter');
    expect(JSON.parse(own('package.json'))).toMatchObject({
      name: '@rollcall/stomp-adapter',
      description: expect.stringMatching(/^The Rollcall STOMP adapter:/) as string,
      rollcall: { title: 'STOMP', protocol: 'STOMP' },
    });
    expect(texts.get('README.md')).toContain('[STOMP](apps/stomp-adapter/README.md)');
    expect(texts.get('.changeset/stomp-adapter.md')).toContain('an adapter for STOMP devices');
  });
});

describe('what devices speak', () => {
  test.each([undefined, 'binary frames', 'ISO 8583, packed', 'X.25'])('%s may be said', (speaks) => {
    expect(speaksProblem(speaks)).toBeUndefined();
  });

  test.each(['', ' a', 'a|b', 'a"b', '`x`', 'a\nb', '<b>', '$&', 'x'.repeat(61)])(
    '%j may not be said',
    (speaks) => expect(speaksProblem(speaks)).toContain('say what devices speak'),
  );

  test('stands in the description, the README and the banner, and no lines are left', () => {
    const files = templateFiles(join(root, 'apps/adapter-template'));
    const texts = plan({ name: 'foo', wording: { speaks: 'binary frames' }, read, files, apps });
    const own = (file: string): string => texts.get(`apps/foo-adapter/${file}`) ?? '';
    expect(JSON.parse(own('package.json'))).toMatchObject({
      description: expect.stringContaining('devices that speak binary frames over TCP') as string,
      rollcall: { ports: [{ for: 'binary frames' }, { for: 'binary frames over TLS' }] },
    });
    expect(own('README.md')).toContain('Connects devices that speak binary frames over TCP');
    expect(texts.get('docs/architecture.md')).toContain('devices that speak binary frames over TCP');
    expect(texts.get('docs/operations.md')).toContain('binary frames over TLS');
    for (const [path, text] of texts)
      if (path.startsWith('apps/foo-adapter/')) expect(text, path).not.toContain('lines of text');
  });
});

describe('a port', () => {
  test.each([undefined, '1', '7072', '65534'])('%s may be used', (port) => {
    expect(portProblem(port)).toBeUndefined();
  });

  test.each(['', '0', '-1', '65535', '070', '7e3', ' 80', 'many'])('%j may not be used', (port) => {
    expect(portProblem(port)).toContain('a port is a whole number');
  });

  test('is that of the options, their tests, the README and `npm start`; the next one is for TLS', () => {
    const files = templateFiles(join(root, 'apps/adapter-template'));
    const texts = plan({ name: 'foo', wording: { port: 19_999 }, read, files, apps });
    const own = (file: string): string => texts.get(`apps/foo-adapter/${file}`) ?? '';
    expect(own('src/config.ts')).toContain('{ plain: 19_999, tls: 20_000 }');
    expect(own('src/config.test.ts')).toContain('port: 19_999');
    expect(own('README.md')).toMatch(/`ROLLCALL_FOO_PORT` +\| `20000`/);
    expect(JSON.parse(own('package.json'))).toMatchObject({
      rollcall: { ports: [{ port: 19_999 }, { port: 20_000 }], up: { port: 19_999 } },
    });
    for (const [path, text] of texts)
      if (path.startsWith('apps/foo-adapter/')) expect(text, path).not.toMatch(/\b7_?07[01]\b/);
  });
});

test('the command line is a name, a title and options in any order', () => {
  const wording = { title: 'FOO', speaks: 'binary frames', port: 7_072 };
  const args = ['--', 'foo', '--port', '7072', 'FOO', '--speaks', 'binary frames'];
  expect(readArguments(args, [])).toEqual({ name: 'foo', wording });
});

test.each([
  [[], 'say which protocol'],
  [['foo', 'FOO', 'BAR'], 'BAR: is one word too many'],
  [['foo', '--ports', '1'], 'npm run new-adapter -- <name>'],
  [['foo', '--port', 'many'], 'many: a port is'],
  [['foo', '--speaks', 'a|b'], 'a|b: say what devices speak'],
])('the command line %j is refused, and says why', (args, problem) => {
  expect(readArguments(args, []).problem).toContain(problem);
});

test('the new package is published; the template is not', () => {
  const text = read('apps/adapter-template/package.json');
  expect(JSON.parse(text)).toMatchObject({ private: true });
  const manifest = JSON.parse(adapterManifest(text, 'foo', [])) as object;
  expect(manifest).toMatchObject({
    name: '@rollcall/foo-adapter',
    bin: { 'rollcall-foo-adapter': 'dist/main.js' },
  });
  expect(manifest).not.toHaveProperty('private');
});

test('the new app has ports in `npm start` that no other adapter has', () => {
  const text = read('apps/adapter-template/package.json');
  const first = JSON.parse(adapterManifest(text, 'foo', [])) as { rollcall: { up: { port: number } } };
  const { up } = first.rollcall;
  expect(up).toMatchObject({
    port: 7_070,
    healthPort: 9_105,
    environment: { ROLLCALL_FOO_INSECUREPORT: '{port}' },
  });
  const others = [{ up }, { up: { port: 7_071, healthPort: 9_106 } }];
  const manifest = JSON.parse(adapterManifest(text, 'bar', others)) as object;
  expect(manifest).toMatchObject({ rollcall: { up: { port: 7_072, healthPort: 9_107 } } });
});

test('the new app gets a script after those of the other adapters, and nothing else changes', () => {
  const before = read('package.json');
  const after = plan({ name: 'foo', read, files: ['package.json'], apps }).get('package.json') ?? '';
  expect(after).toContain('    "foo-adapter": "node scripts/run.mjs app foo-adapter",\n');
  expect(after.replace(/ {4}"foo-adapter".*\n/, '')).toBe(before);
});

test('the lockfile gets one more importer, in its place', () => {
  const before = read('pnpm-lock.yaml');
  const after = lockfileWith(before, 'foo');
  const block = /^ {2}apps\/foo-adapter:\n(?: {4}.*\n)+\n/m.exec(after)?.[0] ?? '';
  expect(block.replace('foo-adapter', 'adapter-template')).toBe(
    /^ {2}apps\/adapter-template:\n(?: {4}.*\n)+\n/m.exec(before)?.[0],
  );
  const dependency = / {6}'@rollcall\/foo-adapter':\n {8}specifier.*\n {8}version: link:..\/foo-adapter\n/;
  const [, ofCli = ''] = /^ {2}apps\/rollcall:\n((?: {4}.*\n)+)\n/m.exec(after) ?? [];
  expect(ofCli).toMatch(dependency);
  const names = [...(ofCli.split('devDependencies')[0] ?? '').matchAll(/^ {6}'?([^\s':]+)/gm)].map(
    ([, name = '']) => name,
  );
  expect(names).toEqual(names.toSorted());
  expect(after.replace(block, '').replace(dependency, '')).toBe(before);
  const importers = [...after.matchAll(/^ {2}((?:apps|packages)\/\S+):$/gm)].map(([, path = '']) => path);
  expect(importers).toEqual(importers.toSorted());
  expect(() => lockfileWith('importers:\n\n  .: {}\n\npackages:\n', 'foo')).toThrow(
    'no apps/adapter-template',
  );
});

test('the new app gets a row in the table of folders, with the description of its package', () => {
  const before = read('docs/architecture.md');
  const text = plan({ name: 'foo', read, files: ['package.json'], apps }).get('docs/architecture.md') ?? '';
  const [row] = /^\| `apps\/foo-adapter` .*\n/m.exec(text) ?? [];
  expect(row).toContain('foo adapter: devices that speak lines of text over TCP');
  // A formatter aligns the columns.
  const compact = (table: string): string => table.replaceAll(/ +/g, ' ');
  expect(compact(text.replace(row ?? '', ''))).toBe(compact(before));
});

test('nothing in a new adapter says that it was copied', () => {
  const source = join(root, 'apps/adapter-template');
  const files = templateFiles(source);
  const texts = plan({ name: 'foo', read, files, apps });
  const own = [...texts].filter(([path]) => path.startsWith('apps/foo-adapter/'));
  expect(own).toHaveLength(files.length);
  for (const [path, text] of own) expect(`${path}\n${text}`).not.toMatch(/template/i);
  expect([...texts.keys()].filter((path) => !path.startsWith('apps/'))).toEqual([
    'package.json',
    'Dockerfile',
    'README.md',
    'docs/operations.md',
    'docs/architecture.md',
    'pnpm-lock.yaml',
    '.changeset/foo-adapter.md',
  ]);
});

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test, vi } from 'vitest';
// @ts-expect-error -- a script in plain JavaScript, for Node.js without the workspace's tools
import * as untyped from './bundle-app.mjs';

interface Library {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly texts: readonly string[];
}

const script: {
  threadsStartedIn(text: string, beside: Iterable<readonly [string, string]>): readonly string[];
  notices(libraries: readonly Library[]): string;
  libraryOf(path: string): Library | undefined;
  withoutDebug(): {
    resolveId(source: string): string | undefined;
    load(asked: string | undefined): { readonly code: string } | undefined;
  };
  withoutFetchAtStart(): {
    resolveId(source: string): string | undefined;
    load(asked: string | undefined): { readonly code: string } | undefined;
  };
} = untyped;

test('the threads of a module that starts one are those beside it', () => {
  const beside = [
    ['pool.ts', 'new Worker(file)'],
    ['one.ts', "parentPort?.on('message', answer);"],
    ['other.ts', 'const port = parentPort;'],
  ] as const;
  expect(script.threadsStartedIn('new Worker(file)', beside)).toEqual(['one.ts', 'other.ts']);
  expect(script.threadsStartedIn('new Map()', beside)).toEqual([]);
});

test('a thread that the bundle would lack is an error', () => {
  const beside = [['pool.ts', 'new Worker(file)']] as const;
  expect(() => script.threadsStartedIn('new Worker(file)', beside)).toThrow(
    'beside the module that starts it',
  );
});

/** A file of a library that is installed with this manifest. */
function fileOfLibrary(manifest: object, files: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'rollcall-bundle-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const library = join(root, 'node_modules/@some/lib');
  mkdirSync(join(library, 'deep'), { recursive: true });
  const all = {
    'package.json': JSON.stringify({ name: '@some/lib', version: '1.2.3', ...manifest }),
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(library, name), text);
  return join(library, 'deep/index.js');
}

test('a library is handed on with its licence and its notice', () => {
  const file = fileOfLibrary({ license: 'Apache-2.0' }, { LICENSE: 'the terms', 'NOTICE.txt': 'a notice' });
  expect(script.libraryOf(file)).toEqual({
    name: '@some/lib',
    version: '1.2.3',
    license: 'Apache-2.0',
    texts: ['the terms', 'a notice'],
  });
});

test('a library without a text of its licence is handed on with its author', () => {
  expect(script.libraryOf(fileOfLibrary({ license: 'MIT', author: { name: 'Ada' } }))?.texts).toEqual([
    'Copyright: Ada',
  ]);
});

test.each(['GPL-3.0', undefined])('a library with the licence %s is not bundled', (license) => {
  expect(() => script.libraryOf(fileOfLibrary({ license }))).toThrow('@some/lib has the licence');
});

test('a file of ours belongs to no library', () => {
  expect(script.libraryOf(join(tmpdir(), 'packages/core/src/index.ts'))).toBeUndefined();
});

test('the notices name every library, in order', () => {
  const one = { version: '1.0.0', license: 'MIT', texts: ['terms'] };
  const text = script.notices([
    { ...one, name: 'b' },
    { ...one, name: 'a' },
  ]);
  expect(text).toMatch(/a 1\.0\.0 \(MIT\)\n\nterms\n\n-+\n\nb 1\.0\.0 \(MIT\)\n\nterms\n$/);
});

test('what libraries would say with the package debug is said by nobody, and all else is as it is', () => {
  const { resolveId, load } = script.withoutDebug();
  expect(resolveId('debugging')).toBeUndefined();
  const { code } = load(resolveId('debug')) ?? { code: '' };
  type Debug = ((namespace: string) => unknown) & { readonly default: unknown };
  const module = { exports: undefined as unknown as Debug };
  runInNewContext(code, { module });
  // As `import` compiled to `require` calls it.
  expect(module.exports.default).toBe(module.exports);
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => said.mockRestore());
  const debug = module.exports('rhea:frames') as ((...what: unknown[]) => void) & { enabled: boolean };
  debug('%s', 'a password');
  expect(debug.enabled).toBe(false);
  expect(said).not.toHaveBeenCalled();
  expect(load('/some/module.js')).toBeUndefined();
});

test.each(['http', 'node:http'])('%s is there without the client for `fetch`', (name) => {
  const { resolveId, load } = script.withoutFetchAtStart();
  const { code } = load(resolveId(name)) ?? { code: '' };
  const clientIsLoaded = 'process.moduleLoadList.some((name) => name.includes("undici"))';
  const asked = `${code} console.log(typeof module.exports.createServer, ${clientIsLoaded})`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=commonjs', '--eval', asked], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('function false\n');
  expect(resolveId('node:https')).toBeUndefined();
  expect(load('/some/module.js')).toBeUndefined();
});

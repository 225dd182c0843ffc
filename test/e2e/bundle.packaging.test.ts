import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { adapters } from './support/adapters.ts';
import { startApp } from './support/processes.ts';

// What a program is published with is all that it needs: it is started where no library can be found.

const root = fileURLToPath(new URL('../../', import.meta.url));
const programs = [...adapters.map(({ name }) => name), 'presence', 'device-registry', 'rollcall'];
let elsewhere = '';

beforeAll(() => {
  elsewhere = mkdtempSync(join(tmpdir(), 'rollcall-bundle-'));
  for (const name of programs)
    for (const part of ['dist', 'package.json'])
      cpSync(join(root, 'apps', name, part), join(elsewhere, 'apps', name, part), { recursive: true });
  writeFileSync(join(elsewhere, 'registry.yaml'), 'tenants: [{tenant-id: acme, devices: []}]');
});
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

test.each(adapters)('$name serves, with its threads', async ({ name, ports, up }) => {
  // CoAP is over DTLS alone here, which needs no certificate.
  const anyPort = Object.fromEntries(ports.map(({ variable }) => [variable, '0']));
  const withoutTls = Object.keys(up.environment).filter((variable) =>
    variable.endsWith('INSECUREPORTENABLED'),
  );
  const adapter = startApp(
    name,
    [],
    {
      ...(withoutTls.length > 0
        ? Object.fromEntries([
            ...withoutTls.map((variable) => [variable, 'true']),
            ...Object.entries(anyPort).filter(([variable]) => variable.endsWith('INSECUREPORT')),
          ])
        : anyPort),
      ROLLCALL_REGISTRY_FILE: join(elsewhere, 'registry.yaml'),
      ROLLCALL_JOURNAL_DIRECTORY: join(elsewhere, name),
      ROLLCALL_HEALTH_PORT: '0',
    },
    elsewhere,
  );
  await adapter.line((line) => line.includes('"ready"'), 'that it is ready');
  expect(await adapter.end('SIGTERM')).toBe(0);
});

test.each([
  ['presence', [], 2],
  ['device-registry', [], 2],
  ['rollcall', ['--version'], 0],
] as const)('%s %j ends with %i', async (name, args, status) => {
  const running = startApp(name, args, { ROLLCALL_HEALTH_PORT: 'none' }, elsewhere);
  onTestFinished(async () => void (await running.end('SIGKILL')));
  expect(await running.exited()).toBe(status);
});

test.each(programs)('%s has parts that can all be loaded, also those that few need', (name) => {
  const folder = join(elsewhere, 'apps', name, 'dist');
  const parts = readdirSync(folder)
    .filter((file) => file.endsWith('.js') && file !== 'main.js' && file !== 'run.js')
    .map((file) => join(folder, file))
    // A thread begins when it is loaded.
    .filter((path) => !/\bparentPort\b/.test(readFileSync(path, 'utf8')));
  const script = `for (const part of ${JSON.stringify(parts)}) await import(part); process.exit();`;
  const loading = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  expect([loading.status, loading.stderr.replace(/^.*Experimental.*$|^\(Use.*$/gm, '').trim()]).toEqual([
    0,
    '',
  ]);
});

test.each(programs)('%s has the licences of its libraries', (name) => {
  const text = readFileSync(join(elsewhere, 'apps', name, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
  expect(text).toMatch(/^pino \d\S* \(MIT\)$/m);
});

test.each(programs)('%s starts without the client for `fetch`, which `node:http` would load', (name) => {
  const folder = join(elsewhere, 'apps', name, 'dist');
  const asking = readdirSync(folder)
    .filter((file) => file.endsWith('.js'))
    .filter((file) =>
      /(from|import|require)\s*\(?["'](node:)?http["']/.test(readFileSync(join(folder, file), 'utf8')),
    );
  expect(asking).toEqual([]);
});

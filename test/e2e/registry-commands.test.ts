import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { restartable, type Restartable } from '../faults/support/restartable.ts';
import { freePort } from './support/ports.ts';

const main = fileURLToPath(new URL('../../apps/rollcall/dist/main.js', import.meta.url));
const demo = fileURLToPath(new URL('../../apps/rollcall/demo/registry.yaml', import.meta.url));
const tokenFile = {
  tokens: [
    {
      // Of `letmein`.
      sha256: '1c8bfe8f801d79745c4631d09fff36c82aa37fc4cce4fc946683d7b336b63032',
      tenants: '*',
      scope: 'registry:admin',
    },
  ],
};

let directory: string;
let service: Restartable;
let port: number;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-commands-'));
  port = freePort();
  const tokens = join(directory, 'tokens.json');
  writeFileSync(tokens, JSON.stringify(tokenFile));
  service = restartable({
    app: 'device-registry',
    environment: {
      ROLLCALL_REGISTRY_DIRECTORY: join(directory, 'registry'),
      ROLLCALL_REGISTRY_HTTP_PORT: String(port),
      ROLLCALL_REGISTRY_HTTP_TOKENFILE: tokens,
      ROLLCALL_HEALTH_PORT: String(freePort()),
    },
    isReady: ({ stdout }) => stdout.some((line) => line.includes('"ready"')),
  });
  await service.start();
});
afterAll(async () => {
  await service.end('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

async function registry(args: readonly string[], { input = '', token = 'letmein' } = {}) {
  const child = spawn(process.execPath, [main, 'registry', ...args], {
    env: {
      ...process.env,
      ROLLCALL_REGISTRY_HTTP_URL: `http://127.0.0.1:${port}`,
      ...(token !== '' && { ROLLCALL_REGISTRY_HTTP_TOKEN: token }),
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (output += piece.toString()));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [status] = (await once(child, 'close')) as [number];
  return { status, lines: output.split('\n').slice(0, -1) };
}

test('a registry file is imported into a service, looked at, added to, and removed from', async () => {
  expect(await registry(['list'])).toEqual({ status: 0, lines: [] });
  expect((await registry(['import', demo])).lines).toEqual(['imported tenants: 1, devices: 5']);
  expect((await registry(['import', demo])).lines, 'again').toEqual(['imported tenants: 1, devices: 5']);
  expect((await registry(['list'])).lines).toEqual(['DEFAULT_TENANT']);
  const devices = ['4711', '4712', '4713', '4714', 'gw-1'];
  expect((await registry(['list', 'DEFAULT_TENANT'])).lines).toEqual(devices);
  expect((await registry(['list', 'DEFAULT_TENANT', '--file', demo])).lines.toSorted()).toEqual(devices);

  expect((await registry(['add', 'acme'])).lines).toEqual(['added acme']);
  const content = join(directory, 'content.json');
  writeFileSync(content, '{"enabled": false, "ext": {"brand": "x"}}');
  const added = await registry(['add', 'acme/d-1', '--password', '--content', content], {
    input: 'secret\n',
  });
  expect(added).toEqual({ status: 0, lines: ['added acme/d-1', 'it logs in as d-1@acme'] });
  expect((await registry(['list', 'acme'])).lines).toEqual(['d-1  disabled']);
  expect(
    (await registry(['list', 'acme', '--json'])).lines.map((line) => JSON.parse(line) as unknown),
  ).toEqual([{ id: 'd-1', enabled: false, ext: { brand: 'x' } }]);
  const { lines } = await registry(['show', 'acme/d-1']);
  expect(JSON.parse(lines.join('\n'))).toMatchObject({
    'device-id': 'd-1',
    ext: { brand: 'x' },
    credentials: [{ type: 'hashed-password', 'auth-id': 'd-1' }],
  });
  expect(lines.join('\n')).not.toMatch(/pwd-|secret"/);
  expect((await registry(['remove', 'acme/d-1', '--yes'])).lines).toEqual(['removed acme/d-1']);
  expect((await registry(['list', 'acme'])).lines).toEqual([]);
});

test('what a file holds is shown as what a service does, without its secrets', async () => {
  const { lines } = await registry(['show', 'DEFAULT_TENANT/4714', '--file', demo]);
  expect(JSON.parse(lines.join('\n'))).toEqual({
    'device-id': '4714',
    ext: { 'presence-interval': 10 },
    credentials: [{ type: 'psk', 'auth-id': 'sensor3', secrets: [{}] }],
  });
});

test.each<[string, readonly string[], { readonly token?: string }, RegExp]>([
  ['a tenant that is not there', ['list', 'nobody'], {}, /answers 404/],
  ['a device that is not there', ['remove', 'DEFAULT_TENANT/nobody', '--yes'], {}, /answers 404/],
  ['a device of a tenant that is not there', ['remove', 'nobody/d-1', '--yes'], {}, /answers 404/],
  [
    'one that is there',
    ['add', 'DEFAULT_TENANT/4711'],
    {},
    /DEFAULT_TENANT\/4711: the registry at http:\/\/\S+ answers 409/,
  ],
  ['an id that it does not take', ['add', 'ac me'], {}, /answers 400/],
  ['a wrong token', ['list'], { token: 'wrong' }, /wants to know who asks/],
  ['no token', ['list'], { token: '' }, /wants to know who asks/],
  ['a registry that is not there', ['list', '--url', 'http://127.0.0.1:1'], {}, /http:\/\/127\.0\.0\.1:1: /],
  ['a file that is not there', ['import', '/nowhere.yaml'], {}, /nowhere\.yaml/],
])('%s is said in a line', async (_what, args, given, text) => {
  const { status, lines } = await registry(args, given);
  expect(lines.join('\n')).toMatch(text);
  expect(lines.join('\n')).not.toMatch(/\n\s+at /);
  expect(status).not.toBe(0);
});

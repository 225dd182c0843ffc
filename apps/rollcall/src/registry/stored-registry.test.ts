import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { storedRegistry, type StoredRegistryCommand } from './stored-registry.ts';

const page: RequestListener = (_request, response) => void response.end('<html>Welcome</html>');
const cutOff: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-length': 1_000 });
  response.write('{"result":[');
  setImmediate(() => response.destroy());
};
const unreadable: readonly (readonly [string, RequestListener, RegExp])[] = [
  ['a page', page, /answers 200, but not as the management API/],
  ['a list', (_request, response) => void response.end('[1]'), /not as the management API/],
  ['null', (_request, response) => void response.end('null'), /not as the management API/],
  ['an answer that is cut off', cutOff, /Error: http:\S+\d: [a-z]/],
  [
    'a page for what is not found',
    (_, response) => void response.writeHead(404).end('<html>'),
    /answers 404/,
  ],
  ["a proxy's refusal", (_, response) => void response.writeHead(502).end('<html>'), /answers 502/],
];
const named = { tenant: 'acme', device: 'thermostat-7' };
const commands: readonly StoredRegistryCommand[] = [
  { action: 'list', source: { url: undefined }, tenant: undefined, json: false },
  { action: 'list', source: { url: undefined }, tenant: 'acme', json: true },
  { action: 'show', source: { url: undefined }, named },
  { action: 'show', source: { url: undefined }, named: { tenant: 'acme' } },
  { action: 'remove', url: undefined, named },
];

const cases = unreadable.flatMap(([what, answer, problem]) =>
  commands.map((command) => [what, answer, problem, command] as const),
);

async function answering(answer: RequestListener) {
  const server = createServer(answer);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const told: string[] = [];
  const context = {
    env: { ROLLCALL_REGISTRY_HTTP_URL: url },
    tell: (line: string) => told.push(line),
    password: () => Promise.resolve(''),
  };
  return { url, told, context };
}

test.each(cases)(
  '%s is no answer of a registry: the command says where it came from, and prints nothing else (%#)',
  async (_what, answer, problem, command) => {
    const { url, told, context } = await answering(answer);
    const failure = storedRegistry(command, context).catch((error: unknown) => String(error));
    expect(await failure).toMatch(problem);
    expect(await failure).toContain(url);
    expect(told).toEqual([]);
  },
);

test('a page is no sign that anything was imported', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-import-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'registry.json');
  const tenant = { 'tenant-id': 'acme', devices: [{ 'device-id': 'thermostat-7' }] };
  writeFileSync(file, JSON.stringify({ tenants: [tenant] }));
  const { told, context } = await answering(page);
  expect(await storedRegistry({ action: 'import', url: undefined, file }, context)).toBe(1);
  expect(told).toEqual([
    expect.stringMatching(/^acme: .* not as the management API/),
    'imported tenants: 0, devices: 0',
  ]);
});

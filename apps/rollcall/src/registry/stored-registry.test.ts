import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
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

test.each(cases)(
  '%s is no answer of a registry: the command says where it came from, and prints nothing else (%#)',
  async (_what, answer, problem, command) => {
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
    const failure = storedRegistry(command, context).catch((error: unknown) => String(error));
    expect(await failure).toMatch(problem);
    expect(await failure).toContain(url);
    expect(told).toEqual([]);
  },
);

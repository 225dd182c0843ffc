import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { askPresence } from './ask-presence.ts';

const answer = JSON.stringify({
  adapters: [{ instance: 'i 1', 'last-heard-at': '2026-11-28T09:59:50.000Z' }],
  'as-of': { at: '2026-11-28T10:00:00.000Z', 'lag-ms': 12, 'covered-since': '2026-11-01T00:00:00.000Z' },
});
const credentials = { token: 'secret-token', ca: undefined };

async function service(
  answerWith: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answerWith).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/presence`;
}

test('asks about one instance, below the path of the URL, with the token', async () => {
  const seen: unknown[] = [];
  const url = await service(({ url: path, headers }, response) => {
    seen.push([path, headers.authorization]);
    response.end(answer);
  });
  const heard = await askPresence(url, 'i 1', credentials, new AbortController().signal);
  expect(heard.heardAtMs).toBe(Date.parse('2026-11-28T09:59:50.000Z'));
  expect(seen).toEqual([['/presence/v1/adapters?instance=i+1', 'Bearer secret-token']]);
});

test.each<[string, (request: IncomingMessage, response: ServerResponse) => void, string]>([
  ['refuses', (_, response) => void response.writeHead(403).end('secret-token'), 'answered with status 403'],
  [
    'leads elsewhere',
    (_, response) => void response.writeHead(302, { location: '/' }).end(),
    'answered with status 302',
  ],
  ['answers without end', (_, response) => void response.end('x'.repeat(100_000)), 'the answer is too long'],
  ['hangs up', ({ socket }) => void socket.destroy(), 'socket hang up'],
])('a service that %s gives no answer, and no secret', async (_kind, answerWith, why) => {
  const url = await service(answerWith);
  await expect(askPresence(url, 'i', credentials, new AbortController().signal)).rejects.toThrow(why);
});

test('nobody waits any more: the request ends', async () => {
  const over = new AbortController();
  const url = await service(() => over.abort());
  await expect(askPresence(url, 'i', credentials, over.signal)).rejects.toThrow('aborted');
});

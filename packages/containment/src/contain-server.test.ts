import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { expect, onTestFinished, test } from 'vitest';
import { containServer } from './contain-server.ts';

const certificate = localhostCertificate();

async function given(server: Server) {
  const failures: string[] = [];
  containServer(server, 'test', (where, error) => failures.push(`${where} ${(error as Error).message}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { failures, port: (server.address() as AddressInfo).port };
}

function fail(): never {
  throw new Error('cursed');
}

/** Says something, and waits until the connection is closed. */
async function say(text: string, port: number, secure: boolean): Promise<void> {
  const to = { host: '127.0.0.1', port, rejectUnauthorized: false };
  const socket = secure ? connectTls(to) : connect(to);
  socket.on('error', () => {}).resume();
  socket.write(text);
  await once(socket, 'close');
}

const get = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const http = (server: HttpServer): HttpServer => server.on('request', fail);

test.each<[string, () => Server, string, boolean]>([
  ['TCP', () => createServer(fail), 'x', false],
  ['TLS', () => createTlsServer(certificate, fail), 'x', true],
  ['HTTP', () => http(createHttpServer()), get, false],
  ['HTTPS', () => http(createHttpsServer(certificate)), get, true],
  ['HTTP, for what is none', () => createHttpServer().on('clientError', fail), 'what?\r\n\r\n', false],
])(
  'an exception on a connection of a server of %s ends this connection, and the server goes on',
  async (...row) => {
    const [, createOne, text, secure] = row;
    const { failures, port } = await given(createOne());
    for (const _ of [1, 2]) await say(text, port, secure);
    expect(failures).toEqual(['test cursed', 'test cursed']);
  },
);

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { afterEach, expect, test } from 'vitest';
import { boundRequests } from './bound-requests.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function givenAServer(serve: (response: ServerResponse) => void, isTls = false) {
  const served: string[] = [];
  let parsed = 0;
  const server = isTls ? createTlsServer(localhostCertificate()) : createServer();
  boundRequests(server, (request, response) => {
    served.push(request.url ?? '');
    serve(response);
  });
  server.on('request', () => (parsed += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const dial = () =>
    isTls ? connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }) : connect(port, '127.0.0.1');
  return { served, parsed: () => parsed, dial: () => dial().on('error', () => {}) };
}

const get = (headers = ''): string => `GET / HTTP/1.1\r\nhost: x\r\n${headers}\r\n`;

test.each([
  ['answered at once', (response: ServerResponse) => response.end('x'), false],
  ['answered later', (response: ServerResponse) => setImmediate(() => response.end('x')), false],
  ['never answered', () => {}, false],
  ['behind TLS', () => {}, true],
])(
  'of a thousand requests in one packet, %s, sixteen are served, and their connection ends',
  async (_, serve, isTls) => {
    const { served, parsed, dial } = await givenAServer(serve, isTls);
    const socket = dial();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume().write(get().repeat(1_000));
    await closed;
    expect(served).toHaveLength(16);
    // Of what came behind them no more is parsed than what stood in the same 2 kB.
    expect(parsed()).toBeLessThan(100);
  },
);

test('expectations that nobody fulfils count as requests do', async () => {
  const { served, dial } = await givenAServer(() => {});
  const one = dial();
  one.end(get('expect: a miracle\r\n'));
  expect(await text(one)).toMatch(/^HTTP\/1\.1 417 /);
  const many = dial();
  const closed = new Promise((resolve) => many.once('close', resolve));
  many.resume().write(get('expect: a miracle\r\n').repeat(1_000));
  await closed;
  expect(served).toEqual([]);
});

test('a connection whose requests are answered may go on for as long as it likes', async () => {
  const { served, dial } = await givenAServer((response) => response.end('x'));
  const socket = dial();
  for (let round = 0; round < 10; round++) {
    let answers = '';
    socket.write(get().repeat(16));
    while (answers.split('\r\n\r\n').length <= 16) answers += String((await once(socket, 'data'))[0]);
    // The last answer is told as closed a moment after it was sent.
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(served).toHaveLength(160);
  socket.destroy();
});

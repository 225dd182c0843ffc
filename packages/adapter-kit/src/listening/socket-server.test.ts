import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { ManualClock, recordingLog } from '@rollcall/conformance';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { TransportError } from '@rollcall/core';
import { expect, onTestFinished, test } from 'vitest';
import { listenForSockets, type SocketServerOptions } from './socket-server.ts';

const listener = { host: '127.0.0.1', port: 0 };

function optionsFor(
  given: Partial<SocketServerOptions> = {},
): SocketServerOptions & { readonly served: Socket[] } {
  const served: Socket[] = [];
  return {
    scheme: 'mqtt',
    listeners: { plain: listener },
    handshakeTimeoutMs: 10_000,
    maxPendingSockets: 100,
    context: {
      clock: new ManualClock(),
      log: recordingLog(),
      metrics: { counter() {}, gauge() {} },
      failed: (_where, error) => {
        throw error;
      },
      turnedAway() {},
    },
    serve: (socket) => void served.push(socket.on('error', () => {}).resume()),
    ...given,
    served,
  };
}

async function listen(options: SocketServerOptions) {
  const server = await listenForSockets(options);
  onTestFinished(() => server.close());
  return server;
}

async function arrive(port: number | undefined): Promise<Socket> {
  const socket = connect(port ?? 0, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket.resume();
}

test('a server that listens with and without TLS says both addresses, the plain one first', async () => {
  const server = await listen(
    optionsFor({ listeners: { plain: listener, tls: { ...listener, ...localhostCertificate() } } }),
  );
  expect(server.listening).toEqual([
    { scheme: 'mqtt', host: '127.0.0.1', port: expect.any(Number) },
    { scheme: 'mqtts', host: '127.0.0.1', port: expect.any(Number) },
  ]);
});

test('a server whose second port is taken gives the first one back', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  // No other test takes a port there meanwhile.
  const host = '127.0.0.7';
  const free = createServer().listen(0, host);
  await once(free, 'listening');
  const plain = { host, port: (free.address() as AddressInfo).port };
  await new Promise((closed) => free.close(closed));
  const tls = { ...listener, port: (other.address() as AddressInfo).port, ...localhostCertificate() };
  await expect(listenForSockets(optionsFor({ listeners: { plain, tls } }))).rejects.toThrow(TransportError);
  const [again] = (await listen(optionsFor({ listeners: { plain } }))).listening;
  expect(again?.port).toBe(plain.port);
});

test.each([
  ['cut', true],
  ['leave', false],
] as const)(
  'a server that stops accepting treats connections that have not logged in as told: %s',
  async (pendingAtStop, isCut) => {
    const options = optionsFor({ pendingAtStop });
    const server = await listen(options);
    const socket = await arrive(server.listening[0]?.port);
    await expect.poll(() => options.served.length).toBe(1);
    await server.stopAccepting();
    expect(options.served[0]?.destroyed).toBe(isCut);
    await server.close();
    await expect.poll(() => socket.closed).toBe(true);
  },
);

test('a connection whose device has logged in stays open when the server stops accepting', async () => {
  const options = optionsFor();
  const server = await listen({
    ...options,
    serve(socket, place) {
      place.accepted();
      options.serve(socket, place);
    },
  });
  await arrive(server.listening[0]?.port);
  await expect.poll(() => options.served.length).toBe(1);
  await server.stopAccepting();
  expect(options.served[0]?.destroyed).toBe(false);
  await server.close();
  expect(options.served[0]?.destroyed).toBe(true);
});

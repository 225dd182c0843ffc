import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ManualClock, settled } from '@rollcall/conformance';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { silentLog } from '@rollcall/core/environment';
import { afterEach, describe, expect, test } from 'vitest';
import type { TurnedAwayCause } from '../turned-away-cause.ts';
import { listenForSockets } from './socket-server.ts';

const certificate = localhostCertificate();
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function givenAServer(maxHandshakes: number, maxPendingSockets = 100) {
  const clock = new ManualClock();
  const turnedAway: [TurnedAwayCause, string][] = [];
  const server = await listenForSockets({
    scheme: 'mqtt',
    listeners: { tls: { host: '127.0.0.1', port: 0, ...certificate } },
    handshakeTimeoutMs: 10_000,
    maxPendingSockets,
    maxHandshakes,
    context: {
      clock,
      log: silentLog,
      metrics: { counter() {}, gauge() {} },
      failed: (_where, error) => {
        throw error;
      },
      turnedAway: (cause, remoteIp) => turnedAway.push([cause, remoteIp]),
    },
    serve(socket, place) {
      place.accepted();
      socket.on('error', () => {});
      socket.end('served');
    },
  });
  cleanUps.push(() => server.close());
  const port = server.listening[0]?.port ?? 0;

  async function arrive(localAddress: string): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    cleanUps.push(() => socket.destroy());
    socket.on('error', () => {}).resume();
    await once(socket, 'connect');
    return socket;
  }

  return {
    clock,
    turnedAway,
    server,
    arrive,
    /** Sends a ClientHello, and no more. Resolves once the server has answered it, unless it is to wait. */
    async stall(localAddress: string, answered = true): Promise<Socket> {
      const socket = await arrive(localAddress);
      socket.write(await clientHello());
      if (answered) await once(socket, 'data');
      return socket;
    },
    /** An honest client: what it is told. */
    async talk(localAddress: string): Promise<string> {
      const options = {
        port,
        host: '127.0.0.1',
        localAddress,
        servername: 'localhost',
        ca: certificate.cert,
      };
      const socket = connectTls(options);
      cleanUps.push(() => socket.destroy());
      let told = '';
      for await (const chunk of socket) told += String(chunk);
      return told;
    },
  };
}

function closing(socket: Socket | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (!socket || socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** The first bytes of a TLS client. */
async function clientHello(): Promise<Buffer> {
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  const client = connectTls({ port, host: '127.0.0.1' }).on('error', () => {});
  const [socket] = (await once(listener, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  for (const each of [client, socket]) each.destroy();
  listener.close();
  return bytes;
}

describe('TLS handshakes that are not finished', () => {
  test('give way, the oldest first, to a client from another address', async () => {
    const { stall, talk, turnedAway } = await givenAServer(3);
    const stalled = [await stall('127.0.0.2'), await stall('127.0.0.2'), await stall('127.0.0.2')];
    expect(await talk('127.0.0.9')).toBe('served');
    await closing(stalled[0]);
    expect(stalled.map(({ closed }) => closed)).toEqual([true, false, false]);
    expect(turnedAway).toEqual([['handshake', '127.0.0.2']]);
  });

  test('hold up those from their own address until they took too long', async () => {
    const { clock, stall, talk, turnedAway } = await givenAServer(2);
    await stall('127.0.0.2');
    await clock.advanceAsync(500);
    await stall('127.0.0.2');
    const told = talk('127.0.0.2');
    while (clock.armed < 4) await settled();
    expect(turnedAway).toEqual([]);
    await clock.advanceAsync(500);
    expect(await told).toBe('served');
    expect(turnedAway).toEqual([['handshake', '127.0.0.2']]);
  });

  test.each<[string, (socket: Socket) => unknown]>([
    ['closes its side', (socket) => socket.end()],
    ['resets the connection', (socket) => socket.resetAndDestroy()],
  ])('have no place for a client that %s while it waits', async (_what, leave) => {
    const { clock, stall, talk, turnedAway } = await givenAServer(1);
    await stall('127.0.0.2');
    const armed = clock.armed;
    const waits = await stall('127.0.0.2', false);
    while (clock.armed < armed + 2) await settled();
    leave(waits);
    while (clock.armed > armed) await settled();
    expect(turnedAway).toEqual([]);
    const told = talk('127.0.0.9');
    while (clock.armed < armed + 2) await settled();
    await clock.advanceAsync(1_000);
    expect(await told).toBe('served');
  });

  test('end when their time is over, and so does silence before them', async () => {
    const { clock, stall, arrive } = await givenAServer(1);
    const silent = await arrive('127.0.0.2');
    const stalled = await stall('127.0.0.2');
    const waits = await stall('127.0.0.2', false);
    while (clock.armed < 4) await settled();
    await clock.advanceAsync(2_000);
    await closing(stalled);
    await clock.advanceAsync(8_000);
    await closing(silent);
    await clock.advanceAsync(10_000);
    await closing(waits);
    await settled();
    expect(clock.armed).toBe(0);
  });

  test('are no place for much data', async () => {
    const { arrive } = await givenAServer(3);
    const flood = await arrive('127.0.0.2');
    flood.write(Buffer.alloc(1_000_000, 0x16));
    await closing(flood);
    expect(flood.bytesRead).toBe(0);
  });

  test('are dropped when the server stops, with those that wait', async () => {
    const { clock, server, stall, arrive } = await givenAServer(1);
    const sockets = [await arrive('127.0.0.2'), await stall('127.0.0.2'), await stall('127.0.0.2', false)];
    while (clock.armed < 4) await settled();
    await server.stopAccepting();
    await Promise.all(sockets.map(closing));
    await server.close();
    expect(clock.armed).toBe(0);
  });
});

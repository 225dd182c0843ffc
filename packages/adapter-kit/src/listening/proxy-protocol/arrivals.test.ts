import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { mutated, sendInPieces, proxyV1, proxyV2 } from '@rollcall/conformance/hostile';
import { silentLog } from '@rollcall/core/environment';
import { expect, onTestFinished, test } from 'vitest';
import { parseAddressRanges } from '@rollcall/options/internal';
import { peerAddress } from '../../peers/peer-address.ts';
import { listenForSockets } from '../socket-server.ts';

const maxPendingSockets = 12;

/** A server of a balancer at 127.0.0.1, with few places, which tells whom it serves. */
async function givenAServer() {
  const clock = new ManualClock();
  const served: (string | undefined)[] = [];
  const turnedAway: string[] = [];
  const clients = new Set<Socket>();
  const running = await listenForSockets({
    scheme: 'test',
    listeners: { plain: { host: '127.0.0.1', port: 0 }, balancers: parseAddressRanges(['127.0.0.1']) },
    handshakeTimeoutMs: 10_000,
    maxPendingSockets,
    context: {
      clock,
      log: silentLog,
      metrics: { counter() {}, gauge() {} },
      failed: (_where, error) => expect.unreachable(String(error)),
      turnedAway: (cause, remoteIp) => turnedAway.push(`${cause} ${remoteIp}`),
    },
    serve(socket) {
      served.push(peerAddress(socket));
      socket.on('error', () => {});
      socket.resume();
    },
  });
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    await running.close();
  });
  const port = running.listening[0]?.port ?? 0;
  return {
    port,
    armed: () => clock.armed,
    served,
    turnedAway,
    closed: () => [...clients].filter((client) => client.closed).length,
    async connect(header: Uint8Array): Promise<Socket> {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      clients.add(socket);
      await once(socket, 'connect');
      socket.resume().write(header);
      await settled();
      return socket;
    },
  };
}

const headerOf = (address: string, port: number): Buffer => proxyV1({ address, port });

test('before their headers, connections of a balancer count in all, and not as those of one address', async () => {
  const { connect: open, closed, turnedAway } = await givenAServer();
  const nothing = Buffer.alloc(0);
  for (let each = 0; each < maxPendingSockets; each++) await open(nothing);
  expect([closed(), turnedAway]).toEqual([0, []]);
  // One more is one too many: the oldest gives way.
  await open(nothing);
  await expect.poll(closed).toBe(1);
  expect(turnedAway).toEqual(['pending 127.0.0.1']);
});

test('behind their headers, each address has its own share', async () => {
  const { connect: open, served, closed, turnedAway } = await givenAServer();
  for (let port = 1; port <= maxPendingSockets + 5; port++) {
    await open(headerOf('203.0.113.7', port));
    await expect.poll(() => served).toHaveLength(port);
  }
  expect(new Set(turnedAway)).toEqual(new Set(['pending 203.0.113.7']));
  // A device of another address finds room, and costs only the one that holds most.
  const honest = await open(headerOf('198.51.100.9', 9));
  await expect.poll(() => served.at(-1)).toBe('198.51.100.9:9');
  expect(honest.closed).toBe(false);
  expect(new Set(turnedAway)).toEqual(new Set(['pending 203.0.113.7']));
  await expect.poll(closed).toBe(turnedAway.length);
});

test('health checks are served as the balancer', async () => {
  const { connect: open, served } = await givenAServer();
  const socket = await open(proxyV2({ command: 0 }));
  await expect.poll(() => served).toEqual([`127.0.0.1:${socket.localPort}`]);
});

test('whatever a balancer sends, in whatever pieces, nobody else notices, and nothing is left', async () => {
  const { connect: open, served, armed, port } = await givenAServer();
  const random = seededRandom(20_261_128);
  const conversations = [
    [headerOf('203.0.113.7', 7), Buffer.from('hello')],
    [proxyV2({ peer: { address: '2001:db8::7', port: 7 }, more: Buffer.alloc(200) }), Buffer.from('hello')],
    [proxyV2({ command: 0 })],
  ];
  for (let round = 0; round < 300; round++)
    await sendInPieces(port, mutated(conversations[round % 3] ?? [], random), random);
  // What is left waits to tell of refusals, once a minute.
  await expect.poll(armed).toBeLessThanOrEqual(1);
  const before = served.length;
  await open(headerOf('198.51.100.9', 9));
  await expect.poll(() => served.slice(before)).toEqual(['198.51.100.9:9']);
});

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { ManualClock } from '@rollcall/conformance';
import { later } from '@rollcall/core/environment';
import { expect, onTestFinished, test } from 'vitest';
import { containSocket } from './contain-socket.ts';
import { containedClock } from './contained-clock.ts';
import { peerBeingServed, serveAll, servedPeer, servePeer } from './served-peer.ts';

/** A server whose sockets are contained, as `curse` makes them throw. */
async function given(curse: (socket: Socket) => void) {
  const failures: string[] = [];
  const server = createServer((socket) => {
    const peer = servedPeer(
      'test',
      (where, error) => failures.push(`${where} ${(error as Error).message}`),
      () => socket.destroy(),
    );
    containSocket(socket, peer);
    curse(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const open = async (): Promise<Socket> => {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => {});
    await once(client, 'connect');
    return client;
  };
  return { failures, open };
}

function fail(): never {
  throw new Error('cursed');
}

test.each<[string, (socket: Socket) => void]>([
  ['data', (socket) => socket.on('data', fail)],
  ['readable', (socket) => socket.on('readable', fail)],
  ['end', (socket) => socket.on('end', fail).resume()],
  ['close', (socket) => socket.on('close', fail).resume()],
  [
    'error',
    (socket) => {
      socket.on('error', fail);
      socket.on('data', () => socket.destroy(new Error('x')));
    },
  ],
  ['a write that was carried out', (socket) => socket.on('data', () => socket.write('y', fail))],
  [
    'an error that nobody listens to',
    (socket) => socket.on('data', () => socket.destroy(new Error('cursed'))),
  ],
])('a listener of %s that throws ends this socket', async (_event, curse) => {
  const { failures, open } = await given(curse);
  const client = await open();
  client.end('x').resume();
  await once(client, 'close');
  // A client may be closed before the server's side is.
  while (failures.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(failures).toEqual(['test cursed']);
});

test('a contained socket calls its listeners as before', async () => {
  const { open, failures } = await given((socket) => {
    socket.once('data', (bytes) => socket.end(bytes));
  });
  const client = await open();
  client.write('hello');
  const [bytes] = (await once(client, 'data')) as [Buffer];
  expect(bytes.toString()).toBe('hello');
  expect(failures).toEqual([]);
});

test('a timer of a contained clock belongs to the peer that was served when it was set, if there was one', () => {
  const manual = new ManualClock();
  const clock = containedClock(manual);
  const failures: string[] = [];
  const ended: string[] = [];
  const peer = (name: string) =>
    servedPeer(
      name,
      (where) => failures.push(where),
      () => ended.push(name),
    );
  servePeer(peer('a'), () => {
    clock.at(later(clock.monotonic(), 10), () => {
      clock.at(later(clock.monotonic(), 10), fail);
    });
    serveAll(() => expect(peerBeingServed()).toBeUndefined());
  });
  servePeer(peer('b'), () => clock.at(later(clock.monotonic(), 15), fail));
  manual.advance(30);
  expect(failures).toEqual(['b', 'a']);
  expect(ended).toEqual(['b', 'a']);

  clock.at(later(clock.monotonic(), 10), fail);
  expect(() => manual.advance(30)).toThrow('cursed');
});

test('an exception while a peer is ended is reported too', () => {
  const failures: unknown[] = [];
  servePeer(
    servedPeer('a', (_, error) => failures.push(error), fail),
    () => {
      throw new Error('first');
    },
  );
  expect(failures).toEqual([new Error('first'), new Error('cursed')]);
});

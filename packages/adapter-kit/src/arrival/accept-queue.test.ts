import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { ManualClock } from '@rollcall/conformance';
import { proxyV1 } from '@rollcall/conformance/hostile';
import { parseAddressRanges } from '@rollcall/options/internal';
import { expect, onTestFinished, test } from 'vitest';
import { createProxyHeaders } from '../listening/proxy-protocol/proxy-headers.ts';
import { AcceptQueue, arrivedAt } from './accept-queue.ts';

const peer = { address: '203.0.113.7', port: 50_122 };

type Begin = (socket: Socket, begun: () => void, clock: ManualClock) => void;
const atOnce: Begin = (_socket, begun) => begun();

/** Waits for the header of a balancer at the address `trusted`. */
const behindHeaders =
  (trusted: string): Begin =>
  (socket, begun, clock) =>
    createProxyHeaders({
      trusted: parseAddressRanges([trusted]),
      timeoutMs: 1e9,
      clock,
      refused: (cause) => expect.unreachable(cause),
    }).begin(socket, begun);

/** A port where each turn of the event loop that accepts a connection takes a second. */
async function givenABusyPort(begin = atOnce, hello = 'hello') {
  const clock = new ManualClock();
  const server = createServer();
  const queue = new AcceptQueue(clock);
  const begunAt = clock.monotonic();
  /** When the first bytes of each arrived at the earliest, in milliseconds. */
  const arrivals: number[] = [];
  const later: number[] = [];
  server.on('connection', (socket) => {
    queue.accepted(socket);
    clock.advance(1_000);
    socket.on('error', () => {});
    const begun = (): void =>
      void socket.once('data', () => {
        arrivals.push(arrivedAt(socket, clock) - begunAt);
        socket.on('data', () => later.push(clock.monotonic() - arrivedAt(socket, clock)));
      });
    begin(socket, begun, clock);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => void server.close());
  const come = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    socket.write(hello);
    return socket;
  };
  return { clock, begunAt, come, arrivals, later };
}

test.each([
  ['', atOnce, 'hello'],
  [' through a balancer', behindHeaders('127.0.0.1'), `${String(proxyV1(peer))}hello`],
  [' beside a balancer', behindHeaders('192.0.2.1'), 'hello'],
])('the first bytes of a connection%s count from when the queue was last empty', async (_, begin, hello) => {
  const { come, arrivals } = await givenABusyPort(begin, hello);
  for (let each = 0; each < 20; each++) come();
  await expect.poll(() => arrivals.length).toBe(20);
  // All came in the first turn, and the last ones were read twenty seconds later.
  expect(Math.max(...arrivals)).toBe(0);
});

test.each([
  ['', atOnce],
  [' beside a balancer', behindHeaders('192.0.2.1')],
])(
  'a connection%s counts from its own turn if the queue is empty, and later bytes from theirs',
  async (_, begin) => {
    const { clock, begunAt, come, arrivals, later } = await givenABusyPort(begin);
    for (let each = 0; each < 3; each++) {
      const before = clock.monotonic() - begunAt;
      const socket = come();
      await expect.poll(() => arrivals.length).toBe(each + 1);
      expect(arrivals[each]).toBe(before);
      await new Promise((turn) => setImmediate(() => setImmediate(turn)));
      socket.write('more');
      await expect.poll(() => later.length).toBe(each + 1);
    }
    expect(later).toEqual([0, 0, 0]);
  },
);

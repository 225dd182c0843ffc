import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { ManualClock } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { AcceptQueue, arrivedAt } from './accept-queue.ts';

/** A port where each turn of the event loop that accepts a connection takes a second. */
async function givenABusyPort() {
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
    socket.once('data', () => {
      arrivals.push(arrivedAt(socket, clock) - begunAt);
      socket.on('data', () => later.push(clock.monotonic() - arrivedAt(socket, clock)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => void server.close());
  const come = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    socket.write('hello');
    return socket;
  };
  return { clock, begunAt, come, arrivals, later };
}

test('the first bytes of a connection count from when the queue was last empty', async () => {
  const { come, arrivals } = await givenABusyPort();
  for (let each = 0; each < 20; each++) come();
  await expect.poll(() => arrivals.length).toBe(20);
  // All came in the first turn, and the last ones were read twenty seconds later.
  expect(Math.max(...arrivals)).toBe(0);
});

test('a connection that comes when the queue is empty counts from its own turn, and later bytes from theirs', async () => {
  const { clock, begunAt, come, arrivals, later } = await givenABusyPort();
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
});

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { ManualClock } from '@rollcall/conformance';
import { patientClock } from '@rollcall/containment';
import rhea from 'rhea';
import { expect, onTestFinished, test } from 'vitest';
import { acceptGuarded } from './accept-guarded.ts';

test('a silent peer is cut off, but not for the time in which this process stood still', async () => {
  const clock = new ManualClock();
  const container = rhea.create_container();
  container.on('disconnected', () => {});
  const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    acceptGuarded(socket, {
      container,
      connectionOptions: {},
      limits: {},
      clock: patientClock(clock),
      idleTimeoutMs: 1_000,
      onViolation() {},
    });
    resolve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  peer.on('error', () => {});
  onTestFinished(() => void peer.destroy());
  const socket = await accepted;

  clock.advance(900);
  clock.stall(60_000);
  expect(socket.destroyed).toBe(false);
  clock.advance(2_000);
  expect(socket.destroyed).toBe(true);
});

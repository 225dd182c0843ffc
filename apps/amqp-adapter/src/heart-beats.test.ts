import { connect } from 'node:net';
import { settled } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { givenAnAdapter } from './testing/amqp-bed.ts';
import { deviceBytes, heartBeats, loginBearing } from './testing/device-bytes.ts';

test('a device that bears no silence gets ten empty frames a second, and no more', async () => {
  const { address, clock } = await givenAnAdapter();
  const socket = connect(address.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let heard = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => (heard = Buffer.concat([heard, bytes])));
  socket.write(loginBearing(1));
  await expect.poll(() => deviceBytes.heard(heard)).toBe(true);
  await settled();
  clock.advance(1_000);
  await expect.poll(() => heartBeats.countIn(heard)).toBeGreaterThanOrEqual(10);
  await settled();
  expect(heartBeats.countIn(heard)).toBe(10);
});

import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { seededRandom } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { amqpFrame } from '../device-wire.ts';
import type { Life } from './life.ts';
import { liveSessions } from './session-device.ts';

const open = amqpFrame(0, 0x10, Buffer.from([0xa1, 1, 0x61]));

/** An AMQP Close with an error (AMQP 1.0 §2.7.9). */
function closeWith(condition: string, description: string): Uint8Array {
  const fields = [
    Buffer.from([0xa3, condition.length]),
    Buffer.from(condition),
    Buffer.from([0xa1, description.length]),
    Buffer.from(description),
  ];
  const error = Buffer.concat(fields);
  return amqpFrame(
    0,
    0x18,
    Buffer.concat([Buffer.from([0x00, 0x53, 0x1d, 0xc0, error.length + 1, 2]), error]),
  );
}

/** The first life of a device whose adapter opens, and closes with these words in a packet of its own. */
async function lifeOfOneThatIsClosed(condition: string, description: string): Promise<Life | undefined> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(open);
      // The device has read that it is open, and goes on.
      socket.once('data', () => socket.end(closeWith(condition, description)));
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const lives: Life[] = [];
  await liveSessions('amqp', {
    port: (server.address() as AddressInfo).port,
    index: 1,
    random: seededRandom(4),
    lives,
    access: { changes: [], end: () => async () => {}, stop() {} },
    disturbed: () => false,
    over: () => lives.some(({ end }) => end !== undefined),
  });
  return lives[0];
}

test('a device that is refused behind an Open was never let in', async () => {
  const refused = await lifeOfOneThatIsClosed(
    'amqp:unauthorized-access',
    'device is disabled or not registered',
  );
  expect(refused).toMatchObject({ dialect: expect.stringContaining('amqp'), outcome: 'refused' });
  expect(refused?.acceptedAt).toBeUndefined();
});

test('a device whose access ends right after an Open was let in', async () => {
  expect(await lifeOfOneThatIsClosed('amqp:unauthorized-access', 'access was revoked')).toMatchObject({
    outcome: 'accepted',
    end: { how: 'closed' },
  });
});

import type { Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import type { AdapterHost } from '@rollcall/adapter-kit';
import { startForTest } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { createDeviceBroker } from './device-broker.ts';
import { serveDevice } from './device-connection.ts';
import { bytesOf } from './testing/device-bytes.ts';
import { options } from './testing/raw-peer.ts';

const { login, upload, goodbye } = bytesOf(5);
const uploads = Buffer.concat([upload(0), upload(1), upload(2)]);
const limits = { ...options, receiveMaximum: 100, maxPacketBytes: 2_048 };

/** As a socket has it. */
function destroySoon(this: Duplex): void {
  this.once('finish', () => this.destroy()).end();
}

/** A device on a line without buffers, that has read its CONNACK and reads no more: an answer waits, and two uploads behind it. */
async function givenADevice() {
  const [ours, theirs] = duplexPair({ highWaterMark: 1 });
  let host: AdapterHost | undefined;
  const adapter = await startForTest({
    type: 'hono-mqtt',
    async start(given) {
      host = given;
      const broker = await createDeviceBroker(limits, given.context);
      const socket = Object.assign(ours, { destroySoon }) as unknown as Socket;
      const place = { stand() {}, accepted() {} };
      broker.handle(socket, (client) => serveDevice({ client, place }, given, limits));
      return {
        listening: [{ scheme: 'mqtt', host: '127.0.0.1', port: 1 }],
        stopAccepting: async () => {},
        close: () => broker.close(),
      };
    },
  });
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  if (!host) throw new Error('not started');
  theirs.write(login);
  while (theirs.read() === null) await settled();
  theirs.write(uploads);
  while (adapter.sender.messages.length < 3) await settled();
  await settled();
  return { ...adapter, ours, theirs };
}

test.each([
  ['says goodbye', 'client-closed', (theirs: Duplex) => void theirs.write(goodbye)],
  ['closes its side', 'connection-lost', (theirs: Duplex) => void theirs.end()],
])(
  'a device that does not read, and %s, has a second to read: no keep-alive ends it',
  async (_how, reason, leave) => {
    const { ours, theirs, clock, events } = await givenADevice();
    leave(theirs);
    expect((await events(2))[1]).toMatchObject({ reason });
    await clock.advanceAsync(999);
    expect(ours.destroyed).toBe(false);
    await clock.advanceAsync(1);
    expect(ours.destroyed).toBe(true);
  },
);

const expected = { reason: 'limit-exceeded', raw: { text: 'does not read' } };

test('a device that sends uploads and does not read its answers exceeds a limit after a minute', async () => {
  const { ours, clock, events, sink } = await givenADevice();
  await clock.advanceAsync(59_999);
  expect(sink.events).toHaveLength(1);
  await clock.advanceAsync(1);
  expect((await events(2))[1]).toMatchObject(expected);
  await clock.advanceAsync(1_000);
  expect(ours.destroyed).toBe(true);
});

test('one that aedes waits for exceeds that limit as well', async () => {
  const { ours, events } = await givenADevice();
  // See `aedes-internals.test.ts`.
  ours.destroy(new Error('drain timeout'));
  expect((await events(2))[1]).toMatchObject(expected);
});

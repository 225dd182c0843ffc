import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { startForTest } from '@rollcall/adapter-process/testing';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { generate } from 'mqtt-packet';
import { expect, onTestFinished, test } from 'vitest';
import { createMqttAdapter } from '../adapter.ts';
import { readInTurns } from './read-in-turns.ts';

const asAedesReads = null as unknown as undefined;

test('bytes that arrive at once are read over several turns of the event loop, all and in order, and then the end', async () => {
  const stream = new PassThrough({ highWaterMark: 100_000 });
  readInTurns(stream);
  const sent = Buffer.from(Array.from({ length: 10_000 }, (_, index) => index % 251));
  const read: Buffer[] = [];
  const inOneTurn: number[] = [];
  let bytes = 0;
  stream.on('readable', () => {
    for (let part = stream.read(asAedesReads) as Buffer | null; part; part = stream.read(asAedesReads)) {
      read.push(part);
      if (bytes === 0)
        queueMicrotask(() => {
          inOneTurn.push(bytes);
          bytes = 0;
        });
      bytes += part.length;
    }
  });
  stream.end(sent);
  await once(stream, 'end');
  expect(Buffer.concat(read)).toEqual(sent);
  expect(inOneTurn).toEqual([4_096, 4_096, 1_808]);
});

test('a reader that asks for everything gets everything', async () => {
  const stream = new PassThrough({ highWaterMark: 100_000 });
  readInTurns(stream);
  stream.write(Buffer.alloc(10_000));
  expect((stream.read(asAedesReads) as Buffer).length).toBe(4_096);
  expect(stream.read(asAedesReads)).toBeNull();
  expect((stream.read() as Buffer).length).toBe(5_904);
});

test('aedes gets thirty thousand packets that arrive at once in parts, one each turn', async () => {
  const adapter = await startForTest(
    createMqttAdapter({
      plain: { host: '127.0.0.1', port: 0 },
      maxPayloadBytes: 2_048,
      authenticationRequired: true,
      connectTimeoutMs: 10_000,
      maxPendingSockets: 600,
      idleLimitMs: 1_800_000,
    }),
  );
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  const pings = 30_000;
  const ping = Buffer.from([0xc0, 0]);
  async function device(username: string) {
    const socket = connect(adapter.address.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(
      generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        clientId: username,
        keepalive: 600,
        username,
        password: Buffer.from(scriptedPassword),
      }),
    );
    await once(socket, 'data');
    return socket;
  }
  // What flows to us is read without a size.
  const parts: number[] = [];
  const read = Socket.prototype.read;
  Socket.prototype.read = function (this: Socket, size?: number) {
    const bytes = read.call(this, size) as Buffer | null;
    if (size !== undefined && bytes) parts.push(bytes.length);
    return bytes;
  };
  onTestFinished(() => void (Socket.prototype.read = read));
  const flood = await device('valve-1@acme');
  let answered = 0;
  flood.on('data', ({ length }: Buffer) => (answered += length / 2));
  flood.write(Buffer.concat(Array.from({ length: pings }, () => ping)));
  await expect.poll(() => answered).toBe(pings);
  expect(Math.max(...parts)).toBe(4_096);
});

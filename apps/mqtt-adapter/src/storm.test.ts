import { connect as connectSocket } from 'node:net';
import { startForTest } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { generate, parser, type IConnackPacket, type Packet } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { createMqttAdapter, type MqttAdapterOptions } from './adapter.ts';

const options: MqttAdapterOptions = {
  plain: { host: '127.0.0.1', port: 0 },
  maxPayloadBytes: 2_048,
  authenticationRequired: true,
  connectTimeoutMs: 60_000,
  maxPendingSockets: 2_000,
  idleLimitMs: 1_800_000,
};
/** Fewer than the system lets wait for `accept`: one beyond them would try again after seconds. */
const crowd = 500;
const running = 5;
const waiting = 45;

/** A device, from its CONNECT on. */
function device(port: number, clientId: string) {
  const socket = connectSocket(port, '127.0.0.1');
  const incoming = parser({ protocolVersion: 5 });
  const packets: Packet[] = [];
  let arrived = (): void => {};
  incoming.on('packet', (packet) => {
    packets.push(packet);
    arrived();
  });
  socket.on('data', (bytes) => incoming.parse(bytes));
  socket.on('error', () => {});
  const send = (packet: Packet): void => void socket.write(generate(packet, { protocolVersion: 5 }));
  send({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 5,
    clean: true,
    clientId,
    keepalive: 600,
    username: 'thermostat-7@acme',
    password: Buffer.from(scriptedPassword),
  });
  return {
    socket,
    send,
    async next(): Promise<Packet> {
      while (packets.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
      return packets.shift() as Packet;
    },
  };
}

test('in a storm of connects some devices wait for their turn, the others get "server busy", and connected ones are served', async () => {
  const adapter = await startForTest(createMqttAdapter(options), {
    settings: { admission: { maxRunning: running, maxWaiting: waiting, maxWaitMs: 180_000 } },
  });
  const { port } = adapter.address;
  const before = device(port, 'before');
  expect(await before.next()).toMatchObject({ cmd: 'connack', reasonCode: 0 });

  // The registry is slow: a device that is let through stays there for a while.
  const release = adapter.registry.hold();
  const storm = Array.from({ length: crowd }, (_, index) => device(port, `storm-${index}`));
  const answers = storm.map(async ({ next }) => ((await next()) as IConnackPacket).reasonCode);
  const refused: (number | undefined)[] = [];
  for (const answer of answers) void answer.then((code) => refused.push(code));
  await expect.poll(() => refused.length, { timeout: 120_000 }).toBe(crowd - running - waiting);
  expect(new Set(refused)).toEqual(new Set([0x89]));

  release();
  const codes = await Promise.all(answers);
  expect(codes.filter((code) => code === 0)).toHaveLength(running + waiting);
  before.send({
    cmd: 'publish',
    topic: 'telemetry',
    payload: 'x',
    qos: 1,
    messageId: 1,
    dup: false,
    retain: false,
  });
  expect(await before.next()).toMatchObject({ cmd: 'puback' });
  expect((await adapter.events(1 + running + waiting)).map(({ type }) => type)).not.toContain('disconnected');
  expect(adapter.sink.events).toHaveLength(1 + running + waiting);

  for (const { socket } of [before, ...storm]) socket.destroy();
  await adapter.running.stop({ graceMs: 0 });
});

test('a device that hangs up while it waits for its turn is not authenticated', async () => {
  const adapter = await startForTest(createMqttAdapter(options), {
    settings: { admission: { maxRunning: 1, maxWaiting: 10, maxWaitMs: 8_000 } },
  });
  const release = adapter.registry.hold();
  const first = device(adapter.address.port, 'first');
  const asked = adapter.registry.asked;
  await expect.poll(() => adapter.registry.asked).toBe(asked + 1);
  const impatient = device(adapter.address.port, 'impatient');
  await new Promise((resolve) => setTimeout(resolve, 50));
  impatient.socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  // However busy the machine is, the adapter has read of it by then.
  await settled();
  release();
  expect(await first.next()).toMatchObject({ reasonCode: 0 });
  await adapter.events(1);
  expect(adapter.registry.asked).toBe(asked + 1);
  first.socket.destroy();
  await adapter.running.stop({ graceMs: 0 });
});

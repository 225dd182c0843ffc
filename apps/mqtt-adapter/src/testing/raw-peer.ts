import { connect as connectSocket, type Socket } from 'node:net';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { generate, parser, type Packet } from 'mqtt-packet';
import type { MqttAdapterOptions } from '../adapter.ts';

/** Of an adapter in a test. */
export const options: MqttAdapterOptions = {
  plain: { host: '127.0.0.1', port: 0 },
  maxPayloadBytes: 2_048,
  authenticationRequired: true,
  connectTimeoutMs: 5_000,
  maxPendingSockets: 1_000,
  idleLimitMs: 1_800_000,
};

/** Of a device that may log in. */
export const credentials = { username: 'thermostat-7@acme', password: scriptedPassword };

/** A peer that speaks MQTT packet by packet. */
export function rawPeer(port: number, version: 4 | 5 = 5) {
  const socket: Socket = connectSocket(port, '127.0.0.1');
  const packets: Packet[] = [];
  const waiting: ((packet: Packet) => void)[] = [];
  const incoming = parser({ protocolVersion: version });
  incoming.on('packet', (packet) => {
    const next = waiting.shift();
    if (next) next(packet);
    else packets.push(packet);
  });
  socket.on('data', (bytes) => incoming.parse(bytes));
  socket.on('error', () => {});
  return {
    socket,
    send: (packet: Packet) => socket.write(generate(packet, { protocolVersion: version })),
    next: () => {
      const before = packets.shift();
      return before ? Promise.resolve(before) : new Promise<Packet>((resolve) => waiting.push(resolve));
    },
    closed: () =>
      new Promise<void>((resolve) => {
        if (socket.destroyed) resolve();
        else socket.once('close', () => resolve());
      }),
    connect(facts: object = {}) {
      this.send({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: version,
        clean: true,
        clientId: 'unit-1',
        keepalive: 60,
        ...credentials,
        password: Buffer.from(credentials.password),
        ...facts,
      });
      return this.next();
    },
  };
}

export type RawPeer = ReturnType<typeof rawPeer>;

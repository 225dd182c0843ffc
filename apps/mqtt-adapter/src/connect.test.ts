import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { settled } from '@rollcall/conformance';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { generate, parser, type Packet } from 'mqtt-packet';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bytesOf } from './testing/device-bytes.ts';
import { givenAnAdapter } from './testing/mqtt-bed.ts';
import { credentials, rawPeer } from './testing/raw-peer.ts';

const connectBytes = (clientId = 'unit-1'): Buffer =>
  generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId, keepalive: 60 });

describe('MQTT CONNECT', () => {
  test.each([
    ['wrong password', { ...credentials, password: Buffer.from('no') }, 0x04, 0x86],
    ['no credentials', { username: undefined, password: undefined }, 0x04, 0x86],
    ['client id too long', { clientId: 'x'.repeat(300) }, 0x02, 0x85],
  ])('%s is refused with the code of each MQTT version', async (_what, facts, v3, v5) => {
    const { address, sink } = await givenAnAdapter();
    const three = rawPeer(address.port, 4);
    expect(await three.connect(facts)).toMatchObject({ cmd: 'connack', returnCode: v3 });
    await three.closed();
    const five = rawPeer(address.port, 5);
    expect(await five.connect(facts)).toMatchObject({ cmd: 'connack', reasonCode: v5 });
    await five.closed();
    expect(sink.events).toEqual([]);
  });

  test.each([4, 5] as const)(
    'of version %i that is longer than a packet may be, with its Will, is closed without an answer',
    async (version) => {
      const { address, sink } = await givenAnAdapter();
      const will = (bytes: number) => ({
        topic: 'event',
        payload: Buffer.alloc(bytes),
        qos: 0,
        retain: false,
      });
      const fits = rawPeer(address.port, version);
      expect(await fits.connect({ will: will(2_000) })).toMatchObject({ cmd: 'connack' });
      const longer = rawPeer(address.port, version);
      const answer = longer.connect({ clientId: 'unit-2', will: will(2_176) });
      await longer.closed();
      expect(await Promise.race([answer, settled()])).toBeUndefined();
      expect(sink.events).toHaveLength(1);
    },
  );

  test('each refusal has a cause of its own in metrics, which the device does not learn', async () => {
    const { address, logged } = await givenAnAdapter();
    const refusals = [
      { clientId: 'x'.repeat(300) },
      { username: undefined, password: undefined },
      { username: 'thermostat-7' },
      { username: 'thermostat-7@nowhere' },
      { username: 'nobody@acme' },
      { password: Buffer.from('guess-me') },
      { password: undefined },
    ];
    for (const facts of refusals) await rawPeer(address.port).connect(facts);
    const unanswerable = rawPeer(address.port, 5);
    void unanswerable.connect({ properties: { maximumPacketSize: 4 } });
    await unanswerable.closed();
    // mqtt-packet writes none of these: an empty client id without a clean session, a version to come, a reserved flag.
    const [nameless, later, reserved] = [connectBytes(''), connectBytes(), connectBytes()];
    nameless[9] = (nameless[9] ?? 0) & ~0x02;
    later[8] = 6;
    reserved[9] = (reserved[9] ?? 0) | 0x01;
    for (const bytes of [nameless, later, reserved]) {
      const peer = rawPeer(address.port);
      peer.socket.write(bytes);
      await peer.closed();
    }
    const causes = logged.filter(({ message }) => message === 'device refused').map(({ facts }) => facts);
    expect(causes).toMatchObject([
      { problem: 'identifier-rejected', tenant: 'acme' },
      { problem: 'credentials-missing' },
      { problem: 'credentials-malformed' },
      { problem: 'unknown-tenant', tenant: 'nowhere' },
      { problem: 'unknown-device', tenant: 'acme' },
      { problem: 'wrong-secret', tenant: 'acme' },
      { problem: 'credentials-malformed', tenant: 'acme' },
      { problem: 'protocol-error', tenant: 'acme' },
      { problem: 'identifier-rejected' },
      { problem: 'protocol-error' },
      { problem: 'protocol-error' },
    ]);
  });

  test('a device with an empty client id is assigned one, and with MQTT 3.1.1 only for a clean session', async () => {
    const { address, events } = await givenAnAdapter();
    const five = await rawPeer(address.port, 5).connect({ clientId: '' });
    const assigned = 'properties' in five ? (five.properties as { assignedClientIdentifier?: string }) : {};
    expect((await events(1))[0]?.remoteId).toBe(assigned.assignedClientIdentifier);
    // mqtt-packet will not write such a CONNECT: the clean session flag is cleared by hand.
    const bytes = connectBytes('');
    bytes[9] = (bytes[9] ?? 0) & ~0x02;
    const three = rawPeer(address.port, 4);
    three.socket.write(bytes);
    expect(await three.next()).toMatchObject({ cmd: 'connack', returnCode: 0x02 });
  });

  test('the connected event has the details of the MQTT session', async () => {
    const { address, events } = await givenAnAdapter();
    const peer = rawPeer(address.port, 5);
    await peer.connect();
    expect((await events(1))[0]).toMatchObject({
      remoteId: 'unit-1',
      slot: 'unit-1',
      protocol: 'MQTT 5.0',
      remoteAddress: `127.0.0.1:${peer.socket.localPort}`,
      basis: { kind: 'session', detectWithinMs: 90_000 },
      adapter: { type: 'hono-mqtt' },
    });
  });

  test('a device of MQTT 5.0 without a keep-alive is given one', async () => {
    const { address, events } = await givenAnAdapter({ idleLimitMs: 90_000 });
    expect(await rawPeer(address.port, 5).connect({ keepalive: 0 })).toMatchObject({
      properties: { serverKeepAlive: 60 },
    });
    expect((await events(1))[0]).toMatchObject({ basis: { detectWithinMs: 90_000 } });
  });

  test('a session that is to outlive the connection is declined in the CONNACK', async () => {
    const { address } = await givenAnAdapter();
    const connack = await rawPeer(address.port, 5).connect({
      clean: false,
      properties: { sessionExpiryInterval: 3_600 },
    });
    expect(connack).toMatchObject({
      reasonCode: 0,
      sessionPresent: false,
      properties: { sessionExpiryInterval: 0 },
    });
    expect(await rawPeer(address.port, 4).connect({ clientId: 'unit-2', clean: false })).toMatchObject({
      returnCode: 0,
      sessionPresent: false,
    });
  });

  test('a device that hangs up while it is being authenticated has no events', async () => {
    const { address, registry, sink } = await givenAnAdapter();
    const getTenant = registry.getTenant.bind(registry);
    let release = (): void => {};
    const asked = new Promise<void>((resolve) => {
      registry.getTenant = async (tenant) => {
        resolve();
        await new Promise<void>((free) => (release = free));
        return getTenant(tenant);
      };
    });
    const peer = rawPeer(address.port);
    void peer.connect();
    await asked;
    peer.socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    // However busy the machine is, the adapter has read of it by then.
    await settled();
    release();
    await settled();
    expect(sink.events).toEqual([]);
  });

  test('a second CONNECT ends the connection with protocol-error', async () => {
    const { address, events } = await givenAnAdapter();
    const peer = rawPeer(address.port, 5);
    await peer.connect();
    void peer.connect();
    expect((await events(2))[1]).toMatchObject({
      reason: 'protocol-error',
      raw: { code: 0x82 },
      uncertaintyMs: 0,
    });
    await peer.closed();
  });

  test('the will of a device is ignored, and its session goes on', async () => {
    const { address, events, sender } = await givenAnAdapter();
    const peer = rawPeer(address.port, 4);
    const will = { topic: 'telemetry', payload: Buffer.from('gone'), qos: 0, retain: false };
    expect(await peer.connect({ will })).toMatchObject({ returnCode: 0 });
    peer.socket.destroy();
    await events(2);
    expect(sender.messages).toEqual([]);
  });
});

describe('an upload that is read with the CONNECT', () => {
  const upload = generate({
    cmd: 'publish',
    topic: 'event',
    payload: Buffer.alloc(5_000),
    qos: 1,
    messageId: 7,
    dup: false,
    retain: false,
  });

  async function heardOver(socket: Socket): Promise<readonly Packet[]> {
    const incoming = parser();
    const packets: Packet[] = [];
    incoming.on('packet', (packet) => packets.push(packet));
    socket.on('data', (bytes) => incoming.parse(bytes));
    await expect.poll(() => packets).toHaveLength(2);
    return packets;
  }

  const answers = [
    { cmd: 'connack', returnCode: 0 },
    { cmd: 'puback', messageId: 7 },
  ];

  test('in one piece, longer than what is read in one turn, is taken behind it', async () => {
    const { address, sender } = await givenAnAdapter({ maxPayloadBytes: 16_384 });
    const { socket } = rawPeer(address.port, 4);
    socket.write(Buffer.concat([bytesOf(4).login, upload]));
    expect(await heardOver(socket)).toMatchObject(answers);
    expect(sender.messages).toMatchObject([{ endpoint: 'event' }]);
  });

  test('over TLS, in a record of its own, is taken behind it', async () => {
    const certificate = localhostCertificate();
    const tls = { host: '127.0.0.1', port: 0, ...certificate };
    const { running, sender } = await givenAnAdapter({ tls, maxPayloadBytes: 16_384 });
    const port = running.listening[1]?.port ?? 0;
    const wire = connectSocket(port, '127.0.0.1').on('error', () => {});
    const through = new Duplex({
      read() {},
      write: (bytes, _encoding, done) => done(void wire.write(bytes)),
    });
    wire.on('data', (bytes) => through.push(bytes));
    const socket = connectTls({ socket: through, host: 'localhost', ca: certificate.cert });
    onTestFinished(() => void wire.destroy());
    await once(socket, 'secureConnect');
    // Both records arrive at once.
    wire.cork();
    socket.write(bytesOf(4).login);
    socket.write(upload);
    await settled();
    wire.uncork();
    expect(await heardOver(socket)).toMatchObject(answers);
    expect(sender.messages).toMatchObject([{ endpoint: 'event' }]);
  });
});

describe('a socket without an MQTT CONNECT', () => {
  test('is closed after the time-out, on the real clock', async () => {
    const { address, sink } = await givenAnAdapter({ connectTimeoutMs: 100 });
    const peer = rawPeer(address.port);
    await peer.closed();
    expect(sink.events).toEqual([]);
  });

  test('gives way where it is the oldest of too many, and a connected device does not notice', async () => {
    const { address } = await givenAnAdapter({ maxPendingSockets: 3 });
    const honest = rawPeer(address.port);
    await honest.connect();
    const oldest = rawPeer(address.port);
    await once(oldest.socket, 'connect');
    const silent = Array.from({ length: 2 }, () => rawPeer(address.port));
    await Promise.all(silent.map(({ socket }) => once(socket, 'connect')));
    const oneMore = rawPeer(address.port);
    await oldest.closed();
    await oneMore.connect({ clientId: 'unit-2' });
    honest.send({ cmd: 'pingreq' });
    expect(await honest.next()).toMatchObject({ cmd: 'pingresp' });
    for (const { socket } of silent) socket.destroy();
  });
});

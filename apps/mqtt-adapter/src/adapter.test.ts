import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describeAdapter, type DeviceBytes } from '@rollcall/adapter-conformance';
import { startForTest, type AdapterInTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { ManualClock, settled } from '@rollcall/conformance';
import { createCertificateAuthority, localhostCertificate } from '@rollcall/conformance/certificates';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import { arrived } from '@rollcall/conformance/machine';
import { scriptedAuthorities, scriptedPassword } from '@rollcall/conformance/registry';
import { generate, type Packet } from 'mqtt-packet';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { createMqttAdapter, type MqttAdapterOptions } from './adapter.ts';
import { credentials, options, rawPeer } from './testing/raw-peer.ts';

const versions = [
  ['3.1.1', 4],
  ['5.0', 5],
] as const;

/** What a device says, in bytes. */
function bytesOf(protocolVersion: 4 | 5): DeviceBytes {
  const say = (packet: Packet): Buffer => generate(packet, { protocolVersion });
  const login = say({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion,
    clean: true,
    clientId: 'unit-1',
    keepalive: 60,
    username: 'thermostat-7@acme',
    password: Buffer.from(scriptedPassword),
  });
  const upload = (number: number): Buffer =>
    say({
      cmd: 'publish',
      topic: 'event',
      payload: 'x',
      qos: 1,
      messageId: number + 1,
      dup: false,
      retain: false,
    });
  const goodbye = say({ cmd: 'disconnect', ...(protocolVersion === 5 && { reasonCode: 0 }) });
  return {
    login,
    heard: (answer) => answer.length > 3,
    upload,
    sign: say({ cmd: 'pingreq' }),
    goodbye,
    // A control packet of type 0 (§2.1.2).
    broken: Buffer.from([0, 0]),
    atOnce: { bytes: Buffer.concat([login, upload(0), goodbye]), uploads: 1 },
  };
}

for (const [name, protocolVersion] of versions)
  describeAdapter(`MQTT ${name}`, {
    bytes: bytesOf(protocolVersion),
    createAdapter: (limits) => createMqttAdapter({ ...options, ...limits }),
    silenceMs: 90_000,
    // Server unavailable (§3.2.2.3), and connection rate exceeded (§3.2.2.2).
    temporary: protocolVersion === 5 ? '159' : '3',
    async connect({ port }, { username, password, remoteId }, heard) {
      const facts: IClientOptions = {
        username,
        password,
        clientId: remoteId,
        protocolVersion,
        keepalive: 60,
      };
      const client = await connect(port, facts, heard);
      return (
        client && {
          leave: () => client.endAsync(),
          async vanish() {
            client.stream.destroy();
            client.end(true);
          },
          // MQTT.js pings on real time, and the adapter's clock is a manual one.
          fallSilent: async () => {},
        }
      );
    },
  });

/** A real client; `undefined` where the adapter refuses it. */
function connect(
  port: number,
  facts: IClientOptions,
  heard?: (refusal: string) => void,
): Promise<MqttClient | undefined> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...facts });
  clients.add(client);
  return new Promise((resolve) => {
    client.once('connect', () => resolve(client));
    client.once('error', ({ code }: Error & { code?: unknown }) => {
      heard?.(String(code));
      resolve(undefined);
    });
    client.once('close', () => resolve(undefined));
  });
}

const clients = new Set<MqttClient>();
const adapters: AdapterInTest[] = [];

afterEach(async () => {
  for (const client of clients) client.end(true);
  clients.clear();
  for (const adapter of adapters.splice(0)) await adapter.running.stop({ graceMs: 0 });
});

async function givenAnAdapter(
  facts: Partial<MqttAdapterOptions> = {},
  setting: TestSetting = {},
): Promise<AdapterInTest> {
  const adapter = await startForTest(createMqttAdapter({ ...options, ...facts }), setting);
  adapters.push(adapter);
  return adapter;
}

describe('CONNECT', () => {
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

  test('each refusal has a cause of its own in metrics, which the device does not learn', async () => {
    const { address, logged } = await givenAnAdapter();
    const refusals = [
      { clientId: 'x'.repeat(300) },
      { username: undefined, password: undefined },
      { username: 'thermostat-7' },
      { username: 'thermostat-7@nowhere' },
      { username: 'nobody@acme' },
      { password: Buffer.from('guess-me') },
    ];
    for (const facts of refusals) await rawPeer(address.port).connect(facts);
    const causes = logged.filter(({ message }) => message === 'device refused').map(({ facts }) => facts);
    expect(causes).toMatchObject([
      { problem: 'identifier-rejected' },
      { problem: 'credentials-missing' },
      { problem: 'credentials-malformed' },
      { problem: 'unknown-tenant', tenant: 'nowhere' },
      { problem: 'unknown-device', tenant: 'acme' },
      { problem: 'wrong-secret', tenant: 'acme' },
    ]);
  });

  test('a device with an empty client id is assigned one, and with MQTT 3.1.1 only for a clean session', async () => {
    const { address, events } = await givenAnAdapter();
    const five = await rawPeer(address.port, 5).connect({ clientId: '' });
    const assigned = 'properties' in five ? (five.properties as { assignedClientIdentifier?: string }) : {};
    expect((await events(1))[0]?.remoteId).toBe(assigned.assignedClientIdentifier);
    // mqtt-packet will not write such a CONNECT: the clean session flag is cleared by hand.
    const bytes = generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: '',
      keepalive: 60,
    });
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

describe('the end of an MQTT session', () => {
  async function givenAConnectedPeer(version: 4 | 5 = 5) {
    const adapter = await givenAnAdapter();
    const peer = rawPeer(adapter.address.port, version);
    await peer.connect();
    await adapter.events(1);
    return { ...adapter, peer };
  }

  test('by a DISCONNECT that asks for the will is no clean goodbye', async () => {
    const { peer, events } = await givenAConnectedPeer();
    peer.send({ cmd: 'disconnect', reasonCode: 0x04 });
    expect((await events(2))[1]).toMatchObject({ reason: 'client-closed', clean: false, raw: { code: 4 } });
  });

  test('by silence: the device gets 0x8D', async () => {
    const { peer, clock, events } = await givenAConnectedPeer();
    await clock.advanceAsync(90_000);
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8d });
    expect((await events(2))[1]).toMatchObject({ reason: 'keepalive-timeout', raw: { code: 0x8d } });
    await peer.closed();
  });

  test('is put off by a PINGREQ, and not by part of a packet', async () => {
    const { peer, clock, sink, events } = await givenAConnectedPeer();
    for (let i = 0; i < 5; i++) {
      await clock.advanceAsync(60_000);
      peer.send({ cmd: 'pingreq' });
      await peer.next();
    }
    expect(sink.events).toHaveLength(1);
    peer.socket.write(Buffer.from([0x30, 0x10, 0x00]));
    await clock.advanceAsync(60_000);
    peer.socket.write(Buffer.from([0x01]));
    await clock.advanceAsync(30_000);
    expect((await events(2))[1]).toMatchObject({ reason: 'keepalive-timeout' });
  });

  test('by a newer connection of the same client id: the older one gets 0x8E', async () => {
    const { peer, address, events } = await givenAConnectedPeer();
    await rawPeer(address.port, 4).connect();
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8e });
    expect(
      (await events(3)).map((event) => (event.type === 'disconnected' ? event.reason : event.type)),
    ).toEqual(['connected', 'taken-over', 'connected']);
  });

  test('by a newer connection to another adapter of the fleet: the older one gets 0x8E', async () => {
    const clock = new ManualClock();
    const { create: directory } = new MemoryFleet(clock);
    const [a, b] = [
      await givenAnAdapter({}, { clock, directory, settings: { adapterId: 'a' } }),
      await givenAnAdapter({}, { clock, directory, seed: 2, settings: { adapterId: 'b' } }),
    ];
    const older = rawPeer(a.address.port, 5);
    await older.connect();
    await rawPeer(b.address.port, 4).connect();
    expect(await older.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8e });
    await older.closed();
    expect((await a.events(2))[1]).toMatchObject({ reason: 'taken-over', raw: { code: 0x8e } });
  });

  test('by a DISCONNECT that waits behind a message comes before that by a newer connection', async () => {
    const { peer, address, events, sender } = await givenAConnectedPeer();
    sender.outcome = () => new Promise(() => {});
    const slow = { cmd: 'publish', topic: 'event', payload: 'x', qos: 1, messageId: 1 } as const;
    peer.send({ ...slow, dup: false, retain: false });
    await expect.poll(() => sender.messages).toHaveLength(1);
    peer.send({ cmd: 'disconnect', reasonCode: 0 });
    await arrived(peer.socket);
    await rawPeer(address.port, 4).connect();
    expect(
      (await events(3)).map((event) => (event.type === 'disconnected' ? event.reason : event.type)),
    ).toEqual(['connected', 'client-closed', 'connected']);
  });

  test('by a stop of the adapter: the device gets 0x8B', async () => {
    const { peer, running } = await givenAConnectedPeer();
    await settled();
    await running.stop({ graceMs: 0 });
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8b });
  });

  test('by bytes that are not MQTT: the device gets 0x81', async () => {
    const { peer, events } = await givenAConnectedPeer();
    peer.socket.write(Buffer.from([0xff, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff]));
    expect((await events(2))[1]).toMatchObject({ reason: 'protocol-error', initiator: 'device' });
    await peer.closed();
  });

  // [MQTT-3.8.3-3], [MQTT-3.10.3-2], [MQTT-2.3.1-1]
  test.each([
    ['SUBSCRIBE without a topic filter', 4, [0x82, 2, 0, 1]],
    ['UNSUBSCRIBE without a topic filter', 4, [0xa2, 2, 0, 1]],
    ['SUBSCRIBE without a topic filter', 5, [0x82, 3, 0, 1, 0]],
    ['UNSUBSCRIBE without a topic filter', 5, [0xa2, 3, 0, 1, 0]],
    ['SUBSCRIBE with packet id 0', 4, [0x82, 6, 0, 0, 0, 1, 0x61, 0]],
    ['UNSUBSCRIBE with packet id 0', 4, [0xa2, 5, 0, 0, 0, 1, 0x61]],
    ['PUBLISH with packet id 0', 4, [0x32, 6, 0, 1, 0x74, 0, 0, 0x78]],
    ['PUBLISH with packet id 0', 5, [0x32, 7, 0, 1, 0x74, 0, 0, 0, 0x78]],
  ] as const)('by %s, MQTT version %i: the device gets 0x82', async (text, version, bytes) => {
    const { peer, events } = await givenAConnectedPeer(version);
    peer.socket.write(Uint8Array.from(bytes));
    expect((await events(2))[1]).toMatchObject({
      reason: 'protocol-error',
      raw: { code: 0x82, text },
    });
    await peer.closed();
  });

  test.each([4, 5] as const)(
    'by a packet that is too large, version %i, comes before the packet is read',
    async (version) => {
      const { peer, events } = await givenAConnectedPeer(version);
      // A PUBLISH that announces 200 MB and sends none of them.
      peer.socket.write(Buffer.from([0x30, 0x80, 0x84, 0xaf, 0x5f, 0x00, 0x09]));
      expect((await events(2))[1]).toMatchObject({ reason: 'protocol-error', raw: { code: 0x95 } });
      if (version === 5) expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x95 });
      await peer.closed();
    },
  );
});

describe('PUBLISH', () => {
  async function givenAPublisher(version: 4 | 5 = 4, as: object = {}, setting: TestSetting = {}) {
    const adapter = await givenAnAdapter({}, setting);
    const peer = rawPeer(adapter.address.port, version);
    await peer.connect(as);
    const publish = (topic: string, facts: object = {}): void => {
      peer.send({
        cmd: 'publish',
        topic,
        payload: Buffer.from('21.5'),
        qos: 1,
        messageId: 7,
        dup: false,
        retain: false,
        ...facts,
      });
    };
    return { ...adapter, peer, publish };
  }

  test.each([4, 5] as const)(
    'a device that sends CONNECT, PUBLISH and DISCONNECT in one segment uploads its message and leaves cleanly (version %i)',
    async (version) => {
      const { address, sender, events } = await givenAnAdapter();
      const { socket } = rawPeer(address.port, version);
      const bytes = (packet: Packet): Buffer => generate(packet, { protocolVersion: version });
      socket.write(
        Buffer.concat([
          bytes({
            cmd: 'connect',
            protocolId: 'MQTT',
            protocolVersion: version,
            clean: true,
            clientId: 'unit-1',
            keepalive: 60,
            username: credentials.username,
            password: Buffer.from(credentials.password),
          }),
          bytes({ cmd: 'publish', topic: 'telemetry', payload: 'x', qos: 0, dup: false, retain: false }),
          bytes({ cmd: 'disconnect' }),
        ]),
      );
      expect((await events(2))[1]).toMatchObject({ reason: 'client-closed', clean: true, uncertaintyMs: 0 });
      await expect.poll(() => sender.messages.length).toBe(1);
    },
  );

  test('an event is acknowledged only once the network accepted it', async () => {
    const { peer, publish, sender } = await givenAPublisher();
    let accept = (): void => {};
    sender.outcome = () => new Promise((resolve) => (accept = () => resolve({ status: 'accepted' })));
    publish('event/?content-type=text/plain&hono-ttl=30');
    peer.send({ cmd: 'pingreq' });
    expect(await peer.next()).toMatchObject({ cmd: 'pingresp' });
    accept();
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
    expect(sender.messages).toMatchObject([
      {
        endpoint: 'event',
        qos: 1,
        contentType: 'text/plain',
        ttlMs: 30_000,
        device: { tenant: 'acme', device: 'thermostat-7' },
        origAdapter: 'hono-mqtt',
        origAddress: 'event/?content-type=text/plain&hono-ttl=30',
      },
    ]);
    expect(Buffer.from(sender.messages[0]?.payload ?? []).toString()).toBe('21.5');
  });

  test('acknowledgements come in the order of the messages, whichever outcome is known first', async () => {
    const { peer, publish, sender } = await givenAPublisher();
    const accept: (() => void)[] = [];
    sender.outcome = () => new Promise((resolve) => accept.push(() => resolve({ status: 'accepted' })));
    for (const messageId of [1, 2, 3]) publish('telemetry', { messageId });
    while (accept.length < 3) await new Promise((resolve) => setImmediate(resolve));
    for (const each of accept.toReversed()) {
      each();
      await settled();
    }
    const order = [await peer.next(), await peer.next(), await peer.next()];
    expect(order.map(({ messageId }) => messageId)).toEqual([1, 2, 3]);
  });

  test('telemetry with QoS 0 is uploaded, also empty, retained, or with a content type of MQTT 5.0', async () => {
    const { peer, publish, sender } = await givenAPublisher(5);
    const properties = { contentType: 'application/json' };
    publish('t', { qos: 0, retain: true, payload: Buffer.alloc(0), messageId: undefined, properties });
    peer.send({ cmd: 'pingreq' });
    await peer.next();
    expect(sender.messages).toMatchObject([
      { endpoint: 'telemetry', qos: 0, retain: true, contentType: 'application/json' },
    ]);
    expect(sender.messages[0]?.payload?.byteLength, 'a zero-length body, not none').toBe(0);
  });

  test.each(['event/?content-type=', 'event/?content-type'])(
    'the content type of %s, which is empty, is none',
    async (topic) => {
      const { peer, publish, sender } = await givenAPublisher(5);
      publish(topic);
      publish(topic, { properties: { contentType: 'a/b' } });
      publish(topic, { payload: '' });
      const answers = [await peer.next(), await peer.next(), await peer.next()];
      expect(answers).toMatchObject([{ reasonCode: 0 }, { reasonCode: 0 }, { reasonCode: 0x83 }]);
      expect(sender.messages.map(({ contentType }) => contentType)).toEqual([
        'application/octet-stream',
        'a/b',
      ]);
    },
  );

  test('a trace context in the property bag goes on', async () => {
    const { peer, publish, sender } = await givenAPublisher(4);
    const traceParent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    publish(`event/?traceparent=${traceParent}&tracestate=a%3D1`);
    await peer.next();
    expect(sender.messages).toMatchObject([{ traceParent, traceState: 'a=1' }]);
  });

  test.each(['soon', '-1', '1.5', '', '99999999999'])(
    'a hono-ttl of %j is ignored, and the message expiry interval of MQTT 5.0 is the time to live',
    async (ttl) => {
      const { peer, publish, sender } = await givenAPublisher(5);
      publish(`event/?hono-ttl=${ttl}`);
      publish(`event/?hono-ttl=${ttl}`, { properties: { messageExpiryInterval: 7 } });
      publish('event/?hono-ttl=5', { properties: { messageExpiryInterval: 7 } });
      publish('telemetry', { properties: { messageExpiryInterval: 7 } });
      for (let i = 0; i < 4; i++) expect(await peer.next()).toMatchObject({ cmd: 'puback', reasonCode: 0 });
      expect(sender.messages.map(({ ttlMs }) => ttlMs)).toEqual([undefined, 7_000, 5_000, undefined]);
    },
  );

  test('user properties become application properties where the tenant says so', async () => {
    const userProperties = {
      color: 'red',
      many: ['first', 'last'],
      device_id: 'valve-1',
      'content-type': 'x',
    };
    const silent = await givenAPublisher(5);
    silent.publish('event', { properties: { userProperties } });
    await silent.peer.next();
    expect(silent.sender.messages[0]?.properties).toEqual({});
    const { peer, publish, sender, registry } = await givenAPublisher(5);
    const tenant = await registry.getTenant('acme');
    if (tenant.status !== 'found') throw new Error('no tenant');
    const permitted = [{ type: 'hono-mqtt', enabled: true, ext: { 'forward-user-properties': true } }];
    registry.getTenant = async () => ({ status: 'found', value: { ...tenant.value, adapters: permitted } });
    publish('event', { properties: { userProperties } });
    await peer.next();
    expect(sender.messages[0]).toMatchObject({ properties: { color: 'red', many: 'last' } });
    expect(Object.keys(sender.messages[0]?.properties ?? {})).toEqual(['color', 'many']);
  });

  test.each(['event///', 'e/', 'telemetry/', 't//'])(
    'the topic %s means the device itself',
    async (topic) => {
      const { peer, publish, sender } = await givenAPublisher(4);
      publish(topic);
      expect(await peer.next()).toMatchObject({ cmd: 'puback' });
      expect(sender.messages).toMatchObject([{ device: { device: 'thermostat-7' }, origAddress: topic }]);
    },
  );

  test('a gateway publishes for a device behind it', async () => {
    const { peer, publish, sender } = await givenAPublisher(4, { username: 'gw-1@acme' });
    publish('event//valve-1');
    expect(await peer.next()).toMatchObject({ cmd: 'puback' });
    expect(sender.messages).toMatchObject([{ device: { tenant: 'acme', device: 'valve-1' } }]);
  });

  test('while the network is away, a device of MQTT 5.0 is refused and stays, one of 3.1.1 gets no PUBACK and is closed', async () => {
    const away = { status: 'failed', failure: { status: 503, text: 'no consumer available' } } as const;
    const five = await givenAPublisher(5);
    five.sender.outcome = () => away;
    five.publish('event');
    expect(await five.peer.next()).toMatchObject({
      cmd: 'puback',
      reasonCode: 0x80,
      properties: { reasonString: 'no consumer available' },
    });
    await settled();
    expect(five.sink.events).toHaveLength(1);
    const three = await givenAPublisher(4);
    three.sender.outcome = () => away;
    three.publish('event');
    await three.peer.closed();
    expect((await three.events(2))[1]).toMatchObject({
      reason: 'upload-refused',
      initiator: 'adapter',
      clean: false,
      uncertaintyMs: 0,
      raw: { code: 503, text: 'no consumer available' },
    });
  });

  test.each([
    ['events', 0x90],
    ['event//valve-1', 0x87],
    ['event/umbrella/thermostat-7', 0x87],
    ['event/?content-type=%zz', 0x83],
  ])('%s is refused in its PUBACK, and the next message is taken', async (topic, code) => {
    const { peer, publish, sink, sender } = await givenAPublisher(5);
    publish(topic);
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 7, reasonCode: code });
    publish('event', { messageId: 8 });
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 8 });
    expect(sender.messages).toHaveLength(1);
    expect(sink.events).toHaveLength(1);
  });

  test.each([
    ['event', 0, 5, 0x83, 400],
    ['events', 0, 5, 0x90, 404],
    ['telemetry//valve-1', 0, 5, 0x87, 403],
    ['event//valve-1', 1, 4, undefined, 403],
    ['event/umbrella/thermostat-7', 1, 4, undefined, 403],
  ] as const)(
    '%s with QoS %i over version %i closes the connection, as no PUBACK could refuse it',
    async (topic, qos, version, code, status) => {
      const { peer, publish, events, sender } = await givenAPublisher(version);
      publish(topic, { qos });
      if (code !== undefined)
        expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: code });
      await peer.closed();
      expect((await events(2))[1]).toMatchObject({
        reason: 'upload-refused',
        initiator: 'adapter',
        uncertaintyMs: 0,
        raw: { code: status },
      });
      expect(sender.messages).toEqual([]);
    },
  );

  test('no more is read of a device that reads no answers, and it is gone when its keep-alive is over', async () => {
    const { peer, publish, events, sender, clock } = await givenAPublisher(5);
    // Long messages are read in many steps, and long answers fill the buffers between adapter and device soon.
    const payload = Buffer.alloc(2_000);
    sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'x'.repeat(60_000) } });
    peer.socket.pause();
    const sent = 1_000;
    for (let i = 0; i < sent; i++) publish('telemetry', { messageId: i + 1, payload });
    // It is read no further once nothing came for a second, however busy the machine is.
    let forwarded = 0;
    for (let quiet = 0; quiet < 20 || forwarded === 0; quiet++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (sender.messages.length !== forwarded) quiet = 0;
      forwarded = sender.messages.length;
    }
    expect(forwarded).toBeLessThan(sent);
    await clock.advanceAsync(90_000);
    expect((await events(2))[1]).toMatchObject({ reason: 'keepalive-timeout' });
    await clock.advanceAsync(1_000);
    peer.socket.resume();
    await peer.closed();
  });

  test('messages over the rate are refused, and close the connection where no PUBACK could refuse them', async () => {
    const settings = { maxMessagesPerSecond: 20 };
    const { peer, publish, events, sender } = await givenAPublisher(5, {}, { settings });
    for (let messageId = 1; messageId <= 21; messageId++) publish('event', { messageId });
    for (let messageId = 1; messageId <= 20; messageId++)
      expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId });
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 21, reasonCode: 0x97 });
    publish('telemetry', { qos: 0 });
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x96 });
    expect((await events(2))[1]).toMatchObject({ reason: 'limit-exceeded', uncertaintyMs: 0 });
    expect(sender.messages).toHaveLength(20);
  });

  test('a time to live of telemetry counts for nothing', async () => {
    const { peer, publish, sender } = await givenAPublisher(5);
    publish('telemetry/?hono-ttl=30', { properties: { messageExpiryInterval: 30 } });
    expect(await peer.next()).toMatchObject({ cmd: 'puback' });
    expect(sender.messages).toMatchObject([{ endpoint: 'telemetry' }]);
    expect(sender.messages[0]).not.toHaveProperty('ttlMs');
  });

  test('on-error=ignore keeps the connection open after a failed upload', async () => {
    const { peer, publish, sink } = await givenAPublisher(4);
    publish('events/?on-error=ignore');
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
    expect(sink.events).toHaveLength(1);
  });

  test('a device that publishes after its access ended is disconnected', async () => {
    const { peer, publish, registry, events } = await givenAPublisher(5);
    registry.assertRegistration = async () => ({ status: 'not-found' });
    publish('event/?on-error=ignore');
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 });
    expect((await events(2))[1]).toMatchObject({ reason: 'access-revoked' });
  });
});

describe('SUBSCRIBE', () => {
  test.each([4, 5] as const)(
    'version %i: filters of commands are granted, those of errors with QoS 0, and all others are refused with 0x80',
    async (version) => {
      const { address, sink } = await givenAnAdapter();
      const peer = rawPeer(address.port, version);
      await peer.connect();
      const filters = ['command///req/#', '#', 'error///#', 'constructor', 'c//+/q/#', 'e//valve-1/#'];
      peer.send({
        cmd: 'subscribe',
        messageId: 9,
        subscriptions: filters.map((topic) => ({
          topic,
          qos: topic.startsWith('e/') ? 0 : 1,
          nl: false,
          rap: false,
          rh: 0,
        })),
      });
      expect(await peer.next()).toMatchObject({
        cmd: 'suback',
        messageId: 9,
        granted: [1, 0x80, 0x80, 0x80, 1, 0],
      });
      peer.send({ cmd: 'pingreq' });
      expect(await peer.next()).toMatchObject({ cmd: 'pingresp' });
      expect(sink.events).toHaveLength(1);
    },
  );

  test('no message of one device reaches another device', async () => {
    const { address } = await givenAnAdapter();
    const listener = rawPeer(address.port, 4);
    await listener.connect({ username: 'valve-1@acme', clientId: 'unit-2' });
    listener.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 'c///q/#', qos: 1 }],
    });
    await listener.next();
    const talker = rawPeer(address.port, 4);
    await talker.connect();
    const topic = 'c///q/1/reboot/?on-error=ignore';
    talker.send({
      cmd: 'publish',
      topic,
      payload: Buffer.from('x'),
      qos: 1,
      messageId: 2,
      dup: false,
      retain: true,
    });
    await talker.next();
    listener.send({ cmd: 'pingreq' });
    expect(await listener.next()).toMatchObject({ cmd: 'pingresp' });
  });
});

describe('an MQTT device that publishes without waiting', () => {
  const publish = (messageId: number, topic = 'telemetry'): Packet => ({
    cmd: 'publish',
    topic,
    payload: Buffer.from(String(messageId)),
    qos: 1,
    messageId,
    dup: false,
    retain: false,
  });

  /** The network answers nothing until it is told to. */
  function holdNetwork({ sender }: AdapterInTest): () => void {
    const held: (() => void)[] = [];
    let open = false;
    sender.outcome = () =>
      new Promise((resolve) => {
        const accept = (): void => resolve({ status: 'accepted' });
        if (open) accept();
        else held.push(accept);
      });
    return () => {
      open = true;
      for (const accept of held.splice(0)) accept();
    };
  }

  test('has a bounded number of uploads under way, and another device does not wait for the rest', async () => {
    const adapter = await givenAnAdapter();
    const release = holdNetwork(adapter);
    const flood = rawPeer(adapter.address.port, 4);
    await flood.connect();
    const all = Array.from({ length: 1_000 }, (_, index) => index + 1);
    flood.socket.write(Buffer.concat(all.map((id) => generate(publish(id)))));
    await expect.poll(() => adapter.sender.messages.length).toBe(30);
    await settled();
    expect(adapter.sender.messages).toHaveLength(30);

    const other = rawPeer(adapter.address.port, 4);
    await other.connect({ username: 'valve-1@acme', clientId: 'unit-2' });
    other.send(publish(1));
    await expect.poll(() => adapter.sender.messages.length).toBe(31);
    expect(adapter.sender.messages.at(-1)?.device.device).toBe('valve-1');

    release();
    expect(await other.next()).toMatchObject({ cmd: 'puback', messageId: 1 });
    for (const messageId of all) expect(await flood.next()).toMatchObject({ cmd: 'puback', messageId });
  });

  test('with MQTT 5.0 learns its Receive Maximum, and is closed with 0x93 when it sends more', async () => {
    const adapter = await givenAnAdapter({ receiveMaximum: 3 });
    const release = holdNetwork(adapter);
    const peer = rawPeer(adapter.address.port, 5);
    expect(await peer.connect()).toMatchObject({ properties: { receiveMaximum: 3 } });
    for (const id of [1, 2, 3]) peer.send(publish(id));
    await expect.poll(() => adapter.sender.messages.length).toBe(3);
    release();
    for (const messageId of [1, 2, 3]) expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId });

    holdNetwork(adapter);
    for (const id of [4, 5, 6, 7]) peer.send(publish(id));
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x93 });
    await peer.closed();
    expect(adapter.sender.messages).toHaveLength(6);
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'protocol-error', raw: { code: 0x93 } });
  });
});

describe('a socket without a CONNECT', () => {
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

test('a device over TLS is served the same, on a port of its own', async () => {
  const certificate = localhostCertificate();
  const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...certificate } });
  const [plain, secure] = adapter.running.listening;
  expect([plain?.scheme, secure?.scheme]).toEqual(['mqtt', 'mqtts']);
  const facts = { ...credentials, protocolVersion: 5, reconnectPeriod: 0, ca: certificate.cert } as const;
  const client = await mqtt.connectAsync(`mqtts://localhost:${secure?.port}`, facts);
  clients.add(client);
  await client.publishAsync('event', '21.5', { qos: 1 });
  // A connection without TLS ends, and no other device notices.
  const stranger = connectSocket(secure?.port ?? 0, '127.0.0.1').on('error', () => {});
  stranger.write('GET / HTTP/1.1\r\n\r\n');
  await new Promise((resolve) => stranger.once('close', resolve));
  await client.endAsync();
  expect((await adapter.events(2)).map(({ type }) => type)).toEqual(['connected', 'disconnected']);
});

test('over TLS, a DISCONNECT behind slow messages counts when it arrives', async () => {
  const certificate = localhostCertificate();
  const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...certificate } });
  const { clock, sender } = adapter;
  const port = adapter.running.listening[1]?.port ?? 0;
  const socket = connectTls({ port, host: 'localhost', ca: certificate.cert }).on('error', () => {});
  const { login, upload, goodbye } = bytesOf(5);
  socket.resume().write(login);
  await adapter.events(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  sender.outcome = async () => {
    await promise;
    return { status: 'accepted' };
  };
  socket.write(Buffer.concat([upload(0), upload(1), upload(2)]));
  await expect.poll(() => sender.messages.length).toBe(3);
  await clock.advanceAsync(2_000);
  socket.write(Buffer.concat([upload(3), goodbye]), () => socket.destroy());
  const [first, second] = await adapter.events(2);
  resolve();
  expect(second).toMatchObject({ reason: 'client-closed', uncertaintyMs: 0 });
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(2_000);
  await expect.poll(() => sender.messages.length).toBe(4);
});

test('over TLS a device without a user name is authenticated by its certificate', async () => {
  const server = localhostCertificate();
  const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...server } });
  const url = `mqtts://localhost:${adapter.running.listening[1]?.port}`;
  const { acme } = scriptedAuthorities;
  const connectAs = async (facts: object): Promise<MqttClient> => {
    const client = await mqtt.connectAsync(url, { ca: server.cert, reconnectPeriod: 0, ...facts });
    clients.add(client);
    return client;
  };
  const { key, cert } = acme.issue({ subject: 'CN=valve-1,O=acme', notAfter: adapter.clock.now() + 30_000 });
  await (await connectAs({ key, cert })).publishAsync('event', '21.5', { qos: 1 });
  await connectAs({ key, cert, ...credentials, clientId: 'named' });
  const foreign = createCertificateAuthority(acme.subject).issue({ subject: 'CN=valve-1,O=acme' });
  await expect(connectAs({ key: foreign.key, cert: foreign.cert })).rejects.toMatchObject({ code: 4 });
  await expect(connectAs({})).rejects.toMatchObject({ code: 4 });
  expect((await adapter.events(2)).map(({ device }) => device.device)).toEqual(['valve-1', 'thermostat-7']);
  await adapter.clock.advanceAsync(31_000);
  expect((await adapter.events(3))[2]).toMatchObject({
    device: { device: 'valve-1' },
    reason: 'credentials-expired',
  });
});

test('over TLS the server name says which of the tenants that trust one authority a device belongs to', async () => {
  const server = localhostCertificate();
  const adapter = await givenAnAdapter({ tls: { host: '127.0.0.1', port: 0, ...server } });
  const { subject: subjectDn, publicKey, issue } = scriptedAuthorities.acme;
  adapter.registry.setTenant('umbrella', { alias: 'rain', trustAnchors: [{ subjectDn, publicKey }] });
  const { key, cert } = issue({ subject: 'CN=valve-1,O=umbrella' });
  const connectTo = (servername: string): Promise<MqttClient | undefined> =>
    connect(adapter.running.listening[1]?.port ?? 0, {
      protocol: 'mqtts',
      host: '127.0.0.1',
      rejectUnauthorized: false,
      servername,
      key,
      cert,
    });
  for (const name of ['localhost', 'acme.localhost', 'nowhere.localhost', 'rain'])
    expect(await connectTo(name), name).toBeUndefined();
  expect(adapter.sink.events).toEqual([]);
  for (const name of ['rain.localhost', 'umbrella.localhost', 'RAIN.localhost'])
    expect(await connectTo(name), name).toBeDefined();
  expect((await adapter.events(3))[0]).toMatchObject({ device: { tenant: 'umbrella', device: 'valve-1' } });
});

test('TLS handshakes that do not begin are bounded in number, and by time', async () => {
  const certificate = localhostCertificate();
  const adapter = await givenAnAdapter({
    tls: { host: '127.0.0.1', port: 0, ...certificate },
    connectTimeoutMs: 10_000,
    maxPendingSockets: 2,
  });
  const port = adapter.running.listening[1]?.port ?? 0;
  const silent: Socket[] = [];
  for (let i = 0; i < 3; i++) {
    const socket = connectSocket(port, '127.0.0.1').on('error', () => {});
    silent.push(socket.resume());
    await once(socket, 'connect');
  }
  // The first made room for the third; the others run out of time.
  const [first, ...others] = silent.map((socket) => once(socket, 'close'));
  await first;
  await settled();
  expect(silent.map(({ closed }) => closed)).toEqual([true, false, false]);
  await adapter.clock.advanceAsync(10_000);
  await Promise.all(others);
  const facts = { ...credentials, reconnectPeriod: 0, ca: certificate.cert } as const;
  const client = await mqtt.connectAsync(`mqtts://localhost:${port}`, facts);
  clients.add(client);
  expect(client.connected).toBe(true);
});

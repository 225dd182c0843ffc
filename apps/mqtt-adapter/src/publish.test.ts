import type { AdapterInTest, TestSetting } from '@rollcall/adapter-process/testing';
import { settled } from '@rollcall/conformance';
import { arrived } from '@rollcall/conformance/machine';
import { generate, type IPublishPacket, type Packet } from 'mqtt-packet';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DeviceUploads } from './device-uploads.ts';
import { givenAnAdapter } from './testing/mqtt-bed.ts';
import { credentials, rawPeer } from './testing/raw-peer.ts';

describe('MQTT PUBLISH', () => {
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

  test('no more is read of a device that reads no answers, and it is gone after a minute', async () => {
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
    await clock.advanceAsync(60_000);
    expect((await events(2))[1]).toMatchObject({ reason: 'limit-exceeded' });
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

describe('an MQTT device that publishes without waiting', () => {
  const publish = (messageId: number, topic = 'telemetry'): IPublishPacket => ({
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

  test('is read no further while many of its messages wait, also where they arrive one by one', async () => {
    const adapter = await givenAnAdapter({ receiveMaximum: 40 });
    const release = holdNetwork(adapter);
    const taken = vi.spyOn(DeviceUploads.prototype, 'publish');
    onTestFinished(() => taken.mockRestore());
    const flood = rawPeer(adapter.address.port, 4);
    await flood.connect();
    const oneByOne = 60;
    const more = 400;
    for (let each = 0; each < oneByOne + more; each++) {
      flood.send({ ...publish(0), qos: 0, payload: Buffer.alloc(2_000) });
      if (each < oneByOne) await arrived(flood.socket);
    }
    expect(taken).toHaveBeenCalledTimes(41);
    release();
    await expect.poll(() => adapter.sender.messages.length).toBe(oneByOne + more);
    flood.send({ cmd: 'pingreq' });
    expect(await flood.next()).toMatchObject({ cmd: 'pingresp' });
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

import { once } from 'node:events';
import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { givenADevice } from './testing/amqp-bed.ts';

describe('uploads over AMQP', () => {
  test('telemetry and events arrive as the device sent them, and are accepted once the network has them', async () => {
    const { send, sender } = await givenADevice();
    expect(await send({ to: 'telemetry', body: 'text', content_type: 'text/plain' })).toBe('accepted');
    expect(
      await send({ to: 'event', body: rhea.message.data_section(Buffer.from('bytes')), ttl: 5_500 }),
    ).toBe('accepted');
    expect(sender.messages).toMatchObject([
      {
        endpoint: 'telemetry',
        qos: 1,
        contentType: 'text/plain',
        origAdapter: 'hono-amqp',
        origAddress: 'telemetry',
      },
      { endpoint: 'event', qos: 1, contentType: 'application/octet-stream', ttlMs: 5_000 },
    ]);
    expect(sender.messages.map(({ payload }) => Buffer.from(payload ?? []).toString())).toEqual([
      'text',
      'bytes',
    ]);
  });

  test('a gateway uploads for its device, and for no other', async () => {
    const { send, sender } = await givenADevice({ username: 'gw-1@acme' });
    expect(await send({ to: 'telemetry//valve-1', body: 'x' })).toBe('accepted');
    expect(await send({ to: 'telemetry/acme/valve-1', body: 'x' })).toBe('accepted');
    expect(await send({ to: 'telemetry/umbrella/valve-1', body: 'x' })).toBe('amqp:unauthorized-access');
    expect(sender.messages).toMatchObject([
      { device: { device: 'valve-1' } },
      { device: { device: 'valve-1' } },
    ]);
  });

  test.each([
    ['nowhere', { to: 'nowhere', body: 'x' }, 'amqp:not-found'],
    ['to nobody', { body: 'x' }, 'amqp:not-found'],
    ['nothing without a content type', { to: 'telemetry', body: 7 }, 'hono:bad-request'],
  ])('%s is rejected', async (_what, message, outcome) => {
    const { send, sender } = await givenADevice();
    expect(await send(message as rhea.Message)).toBe(outcome);
    expect(sender.messages).toEqual([]);
  });

  test('what the network cannot take now is released', async () => {
    const { send, sender } = await givenADevice();
    sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'no consumer' } });
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('released');
  });

  test('outcomes of different kinds in one turn stay apart', async () => {
    const { send, sender } = await givenADevice();
    sender.outcome = ({ contentType }) =>
      contentType === 'a/bad'
        ? { status: 'failed', failure: { status: 503, text: '' } }
        : { status: 'accepted' };
    const sent = ['a/good', 'a/bad', 'a/good', 'a/bad'].map((content_type) =>
      send({ to: 'telemetry', body: 'x', content_type }),
    );
    expect(await Promise.all(sent)).toEqual(['accepted', 'released', 'accepted', 'released']);
  });

  test('telemetry that the device has settled has QoS 0; what it has settled and is not taken is dropped, with one line in the log', async () => {
    const { device, sender, logged } = await givenADevice();
    const settledLink = device.connection.open_sender({ target: {}, snd_settle_mode: 1 } as never);
    await once(settledLink, 'sendable');
    settledLink.send({ to: 'telemetry', body: 'x' });
    for (const to of ['event', 'event']) settledLink.send({ to, body: 'x' });
    const failed = (): number => logged.filter(({ message }) => message === 'upload failed').length;
    await expect.poll(failed).toBe(2);
    settledLink.send({ to: 'nowhere', body: 'x' });
    await expect.poll(failed).toBe(3);
    expect(logged.filter(({ level }) => level === 'warn')).toMatchObject([
      {
        message: 'an upload is dropped, and its device does not hear of it',
        facts: { device: 'thermostat-7', text: 'event endpoint accepts unsettled messages only' },
      },
    ]);
    expect(sender.messages).toMatchObject([{ endpoint: 'telemetry', qos: 0 }]);
  });

  test('a hundred messages go through a link of less credit', async () => {
    const { linkToSend, sender } = await givenADevice();
    let sent = 0;
    const sendSome = (): void => {
      while (sent < 100 && linkToSend.sendable()) {
        sent += 1;
        linkToSend.send({ to: 'telemetry', body: String(sent) });
      }
    };
    linkToSend.on('sendable', sendSome);
    sendSome();
    await expect.poll(() => sender.messages.length).toBe(100);
  });

  test('a message is too large with what stands beside its payload, though the payload alone would fit', async () => {
    const { linkToSend, send, sender } = await givenADevice();
    expect(await send({ to: 'telemetry', body: 'x'.repeat(1_950) })).toBe('accepted');
    const detached = once(linkToSend, 'sender_error');
    linkToSend.send({ to: 'telemetry', body: 'x'.repeat(1_950), subject: 'y'.repeat(200) });
    linkToSend.send({ to: 'telemetry', body: 'on its way' });
    await detached;
    expect(linkToSend.error).toMatchObject({ condition: 'amqp:link:message-size-exceeded' });
    expect(sender.messages).toHaveLength(1);
  });

  test('a session outlives more detached links than its window has room for', async () => {
    const { device, send } = await givenADevice();
    for (let link = 0; link < 3; link++) {
      const tooLarge = device.connection.open_sender({ target: {} });
      await once(tooLarge, 'sendable');
      const delivery = tooLarge.send({ to: 'telemetry', body: 'x'.repeat(3_000) });
      await once(tooLarge, 'sender_error');
      // The client would keep it for ever.
      Object.assign(delivery, { settled: true, remote_settled: true });
    }
    for (let sent = 0; sent < 2_100; sent++) await send({ to: 'telemetry', body: 'x' });
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
  });

  test.each([
    [
      'with a content type is uploaded without a payload',
      { content_type: 'a/b' },
      'accepted',
      [{ contentType: 'a/b' }],
    ],
    ['without a content type is rejected', {}, 'hono:bad-request', []],
  ])('a body in a described value %s', async (_what, facts, outcome, uploaded) => {
    const { send, sender, linkToSend } = await givenADevice();
    const whole = rhea.message.encode({ to: 'telemetry', body: 'x', ...facts });
    const text = Buffer.from([0xa1, 1, 0x78]);
    expect(whole.subarray(-3)).toEqual(text);
    const described = Buffer.concat([whole.subarray(0, -3), Buffer.from([0, 0x53, 0x99]), text]);
    const [heard] = await Promise.all([
      Promise.race(['accepted', 'rejected'].map((event) => once(linkToSend, event))),
      Promise.resolve(linkToSend.send(described, undefined, 0)),
    ]);
    const { delivery } = heard[0] as rhea.EventContext;
    const { error } = (delivery?.remote_state ?? {}) as { error?: { condition?: string } };
    expect(error?.condition ?? 'accepted').toBe(outcome);
    expect(sender.messages).toMatchObject(uploaded);
    for (const message of sender.messages) expect(message.payload ?? []).toHaveLength(0);
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
  });

  test.each([
    [0, 0],
    [1, 0],
    [2, 0],
    [0, 1],
    [2, 1],
  ])('settle modes %i and %i are those that the device asks for, and serve', async (snd, rcv) => {
    const { device, sender } = await givenADevice();
    const link = device.connection.open_sender({
      target: {},
      snd_settle_mode: snd,
      rcv_settle_mode: rcv,
    } as never);
    if (rcv === 1) link.on('accepted', ({ delivery }: rhea.EventContext) => delivery?.update(true));
    await once(link, 'sendable');
    expect([link.snd_settle_mode, link.rcv_settle_mode]).toEqual([snd, rcv]);
    // More than its credit: it gets that back.
    let sent = 0;
    const sendSome = (): void => {
      for (; sent < 100 && link.sendable(); sent++) link.send({ to: 'telemetry', body: 'x' });
    };
    link.on('sendable', sendSome);
    sendSome();
    await expect.poll(() => sender.messages.length).toBe(100);
  });

  test('a device that settles last gets no more credit than it gave back', async () => {
    const { device, sender } = await givenADevice();
    const link = device.connection.open_sender({
      target: {},
      rcv_settle_mode: 1,
      autosettle: false,
    } as never);
    await once(link, 'sendable');
    expect((link as unknown as { credit: number }).credit).toBe(30);
    for (let sent = 0; sent < 30; sent++) link.send({ to: 'telemetry', body: 'x' });
    const heard: rhea.Delivery[] = [];
    link.on('accepted', ({ delivery }: rhea.EventContext) => delivery && heard.push(delivery));
    await expect.poll(() => heard.length).toBe(30);
    expect(link.sendable()).toBe(false);
    heard[0]?.update(true);
    await once(link, 'sendable');
    expect(sender.messages).toHaveLength(30);
  });

  test.each([3_000, 100_000, 1_000_000])(
    'a message of %i bytes detaches its link, and the others of its session go on',
    async (bytes) => {
      const { device, send, sink, logged } = await givenADevice({}, {}, { maxFrameBytes: 4_096 });
      const link = device.connection.open_sender({ target: {} });
      await once(link, 'sendable');
      const detached = once(link, 'sender_error') as Promise<[rhea.EventContext]>;
      link.send({ to: 'telemetry', body: 'x'.repeat(bytes) });
      expect((await detached)[0].sender?.error).toMatchObject({
        condition: 'amqp:link:message-size-exceeded',
        description: 'message is larger than 2048 bytes',
      });
      for (let sent = 0; sent < 40; sent++)
        expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
      expect(sink.events).toHaveLength(1);
      expect(logged.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    },
  );

  test('more messages than a device may upload are rejected, and it stays', async () => {
    const { send, sink, clock } = await givenADevice({}, { settings: { maxMessagesPerSecond: 10 } });
    for (let sent = 0; sent < 10; sent++) expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('amqp:resource-limit-exceeded');
    clock.advance(1_000);
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
    expect(sink.events).toHaveLength(1);
  });

  test('a message for a device that it may not act for is rejected, and it stays', async () => {
    const { send, sink } = await givenADevice();
    expect(await send({ to: 'event//valve-1', body: 'x' })).toBe('amqp:unauthorized-access');
    expect(await send({ to: 'event', body: 'x' })).toBe('accepted');
    expect(sink.events).toHaveLength(1);
  });

  test('access that ended ends the connection', async () => {
    const { send, registry, events } = await givenADevice();
    registry.assertRegistration = async () => ({ status: 'not-found' });
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('amqp:not-found');
    expect((await events(2))[1]).toMatchObject({ reason: 'access-revoked' });
  });
});

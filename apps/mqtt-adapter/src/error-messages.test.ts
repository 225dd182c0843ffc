import { settled } from '@rollcall/conformance';
import type { IPublishPacket } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { givenAPeer, type PeerInTest } from './testing/given-a-peer.ts';

async function givenASubscriber(
  version: 4 | 5,
  { filter = 'error///#', username = 'thermostat-7@acme' } = {},
): Promise<PeerInTest & { nextError(): Promise<readonly [topic: string, error: object]> }> {
  const device = await givenAPeer(version, { connect: { username } });
  device.peer.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos: 0 }] });
  expect(await device.peer.next()).toMatchObject({ cmd: 'suback', granted: [0] });
  return {
    ...device,
    async nextError() {
      const packet = (await device.peer.next()) as IPublishPacket;
      expect(packet).toMatchObject({ cmd: 'publish', qos: 0, retain: false });
      return [packet.topic, JSON.parse(packet.payload.toString())];
    },
  };
}

const emptyNotification = 'application/vnd.eclipse-hono-empty-notification';
const notExisting = 'device is disabled or not registered';

describe.each([4, 5] as const)('a device of version %i that has subscribed to error messages', (version) => {
  test.each([
    ['an empty message without content type', 'telemetry', { payload: '' }, 400, 'telemetry'],
    ['a full empty notification', `e/?content-type=${emptyNotification}`, {}, 400, 'e'],
    ['an unknown topic', 'events', {}, 404, 'unknown'],
    ['a foreign tenant', 'event/umbrella/valve-1', {}, 403, 'event'],
    ['a command response', 'command///res/1/200', {}, 404, 'command-response'],
  ] as const)(
    'gets an error message for %s with QoS 1 and its PUBACK, and stays',
    async (_what, topic, facts, status, endpoint) => {
      const { publish, nextError, peer, sink } = await givenASubscriber(version);
      publish(topic, facts);
      const [where, error] = await nextError();
      const device = topic.includes('valve-1') ? 'valve-1' : '';
      expect(where).toBe(`error//${device}/${endpoint}/7/${status}`);
      expect(error).toMatchObject({ code: status, 'correlation-id': '7', message: expect.any(String) });
      expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
      publish('event', { messageId: 8 });
      expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 8 });
      expect(sink.events).toHaveLength(1);
    },
  );

  test('gets an error message for QoS 0 too, and stays', async () => {
    const { publish, nextError, heardUntilPing, sink } = await givenASubscriber(version);
    publish('telemetry/?correlation-id=abc', { qos: 0, payload: '' });
    expect((await nextError())[0]).toBe('error///telemetry/abc/400');
    publish('event', { qos: 0 });
    expect(await nextError()).toMatchObject([
      'error///event/-1/400',
      { message: 'Only QoS 1 supported for event messages' },
    ]);
    expect(await heardUntilPing()).toEqual([]);
    expect(sink.events).toHaveLength(1);
  });

  test('gets an error message where the network did not take its message', async () => {
    const { publish, nextError, peer, sender } = await givenASubscriber(version);
    sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'no consumer' } });
    publish('telemetry');
    expect(await nextError()).toMatchObject([
      'error///telemetry/7/503',
      { code: 503, message: 'no consumer' },
    ]);
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
  });

  test('with on-error=skip-ack gets an error message and no PUBACK', async () => {
    const { publish, nextError, heardUntilPing } = await givenASubscriber(version);
    publish('events/?on-error=skip-ack');
    expect((await nextError())[0]).toBe('error///unknown/7/404');
    expect(await heardUntilPing()).toEqual([]);
  });

  test('with on-error=disconnect gets an error message and is then disconnected', async () => {
    const { publish, nextError, peer, events } = await givenASubscriber(version);
    publish('events/?on-error=disconnect');
    expect((await nextError())[0]).toBe('error///unknown/7/404');
    await peer.closed();
    expect((await events(2))[1]).toMatchObject({ reason: 'upload-refused' });
  });

  test('gets an error message when its access ends, and is then disconnected', async () => {
    const { publish, nextError, peer, registry, events } = await givenASubscriber(version);
    registry.assertRegistration = async () => ({ status: 'not-found' });
    publish('event/?on-error=ignore');
    expect(await nextError()).toMatchObject(['error///event/7/404', { message: notExisting }]);
    await peer.closed();
    expect((await events(2))[1]).toMatchObject({ reason: 'access-revoked' });
  });

  test('gets no error message for what was taken, nor once it has unsubscribed', async () => {
    const { publish, heardUntilPing, peer } = await givenASubscriber(version);
    publish('event');
    expect(await peer.next()).toMatchObject({ cmd: 'puback' });
    for (const [messageId, code] of [
      [2, 0],
      [3, 0x11],
    ] as const) {
      peer.send({ cmd: 'unsubscribe', messageId, unsubscriptions: ['error///#'] });
      const unsuback = { cmd: 'unsuback', messageId, ...(version === 5 && { granted: [code] }) };
      expect(await peer.next()).toMatchObject(unsuback);
    }
    publish('events/?on-error=ignore');
    await settled();
    expect((await heardUntilPing()).map(({ cmd }) => cmd)).toEqual(['puback']);
  });

  test('a gateway gets the error message of a device behind it, whose name is in the topic', async () => {
    const gateway = { filter: 'error/acme/+/#', username: 'gw-1@acme' };
    const { publish, nextError, peer, registry } = await givenASubscriber(version, gateway);
    const asserted = registry.assertRegistration.bind(registry);
    registry.assertRegistration = async (device, by) =>
      device.device === 'no-such-device' ? { status: 'not-found' } : asserted(device, by);
    publish('event//valve-1', { payload: '' });
    expect((await nextError())[0]).toBe('error/acme/valve-1/event/7/400');
    expect(await peer.next()).toMatchObject({ cmd: 'puback' });
    publish('event//no-such-device');
    expect(await nextError()).toMatchObject([
      'error/acme/no-such-device/event/7/404',
      { code: 404, message: notExisting },
    ]);
    expect(await peer.next()).toMatchObject({ cmd: 'puback' });
  });
});

test('the error text of an empty notification with a body is that of Hono', async () => {
  const { publish, nextError } = await givenASubscriber(4);
  publish(`event/?content-type=${emptyNotification}`);
  expect((await nextError())[1]).toMatchObject({
    message: `Content-Type ${emptyNotification} does not match payload`,
  });
});

import { describe, expect, test } from 'vitest';
import { givenAnAdapter } from './testing/mqtt-bed.ts';
import { rawPeer } from './testing/raw-peer.ts';

describe('MQTT SUBSCRIBE', () => {
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

  test.each([4, 5] as const)(
    'version %i: each filter has its answer, in their order, whatever it is named and however often it comes',
    async (version) => {
      const { address, sink } = await givenAnAdapter();
      const peer = rawPeer(address.port, version);
      await peer.connect({ clientId: '__proto__' });
      const commands = 'command///req/#';
      const filters = ['__proto__', commands, '7', 'a', commands, 'a', '3', 'error///#', '__proto__'];
      peer.send({
        cmd: 'subscribe',
        messageId: 9,
        subscriptions: filters.map((topic) => ({ topic, qos: 0, nl: false, rap: false, rh: 0 })),
      });
      expect(await peer.next()).toMatchObject({
        cmd: 'suback',
        granted: [0x80, 0, 0x80, 0x80, 0, 0x80, 0x80, 0, 0x80],
      });
      peer.send({
        cmd: 'unsubscribe',
        messageId: 10,
        unsubscriptions: ['__proto__', 'error///#', '3', 'a', '__proto__'],
      });
      const none = 0x11;
      expect(await peer.next()).toMatchObject({
        cmd: 'unsuback',
        ...(version === 5 && { granted: [none, 0, none, none, none] }),
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

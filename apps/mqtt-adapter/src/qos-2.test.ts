import { settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { givenAPeer } from './testing/given-a-peer.ts';

const unavailable = { status: 'failed', failure: { status: 503, text: 'away' } } as const;

describe('QoS 2 of MQTT 3.1.1', () => {
  test.each(['event', 'telemetry'])(
    'a message to %s gets its PUBREC once the network accepted it, and PUBCOMP for PUBREL',
    async (topic) => {
      const { publish, peer, sender, heardUntilPing, sink } = await givenAPeer(4);
      let accept = (): void => {};
      sender.outcome = () => new Promise((resolve) => (accept = () => resolve({ status: 'accepted' })));
      publish(topic, { qos: 2 });
      await expect.poll(() => sender.messages.length).toBe(1);
      expect(await heardUntilPing()).toEqual([]);
      accept();
      expect(await peer.next()).toMatchObject({ cmd: 'pubrec', messageId: 7 });
      peer.send({ cmd: 'pubrel', messageId: 7 });
      expect(await peer.next()).toMatchObject({ cmd: 'pubcomp', messageId: 7 });
      expect(sender.messages).toMatchObject([{ qos: 1, endpoint: topic }]);
      expect(sink.events).toHaveLength(1);
    },
  );

  test('a message that is repeated before PUBREL is uploaded once, and its packet id may be used again after it', async () => {
    const { publish, peer, sender, heardUntilPing } = await givenAPeer(4);
    let accept = (): void => {};
    sender.outcome = () => new Promise((resolve) => (accept = () => resolve({ status: 'accepted' })));
    publish('event', { qos: 2 });
    publish('event', { qos: 2, dup: true });
    // By then the adapter has read both.
    expect(await heardUntilPing()).toEqual([]);
    await expect.poll(() => sender.messages.length).toBe(1);
    accept();
    expect(await peer.next()).toMatchObject({ cmd: 'pubrec', messageId: 7 });
    publish('event', { qos: 2, dup: true });
    expect(await peer.next()).toMatchObject({ cmd: 'pubrec', messageId: 7 });
    for (let time = 0; time < 2; time++) {
      peer.send({ cmd: 'pubrel', messageId: 7 });
      expect(await peer.next()).toMatchObject({ cmd: 'pubcomp', messageId: 7 });
    }
    sender.outcome = () => ({ status: 'accepted' });
    publish('event', { qos: 2 });
    expect(await peer.next()).toMatchObject({ cmd: 'pubrec', messageId: 7 });
    expect(sender.messages).toHaveLength(2);
  });

  test('a message that fails gets no PUBREC: the connection closes, as with QoS 1', async () => {
    const { publish, peer, sender, events } = await givenAPeer(4);
    sender.outcome = () => unavailable;
    publish('event', { qos: 2 });
    await peer.closed();
    expect((await events(2))[1]).toMatchObject({ reason: 'upload-refused', raw: { code: 503 } });
  });

  test('a message without a PUBREC is uploaded when it is repeated, and one with on-error=ignore gets a PUBREC', async () => {
    const { publish, peer, sender, heardUntilPing } = await givenAPeer(4);
    sender.outcome = () => unavailable;
    publish('event/?on-error=skip-ack', { qos: 2 });
    await expect.poll(() => sender.messages.length).toBe(1);
    await settled();
    expect(await heardUntilPing()).toEqual([]);
    publish('event/?on-error=ignore', { qos: 2, dup: true });
    expect(await peer.next()).toMatchObject({ cmd: 'pubrec', messageId: 7 });
    expect(sender.messages).toHaveLength(2);
  });

  test('a device that never sends PUBREL is disconnected after a thousand messages', async () => {
    const { publish, peer, sender, events } = await givenAPeer(4);
    for (let messageId = 1; messageId <= 1_001; messageId++) publish('event', { qos: 2, messageId });
    await peer.closed();
    expect((await events(2))[1]).toMatchObject({ reason: 'protocol-error', raw: { code: 0x93 } });
    expect(sender.messages.length).toBeLessThanOrEqual(1_000);
  });
});

describe('QoS 2 of MQTT 5.0', () => {
  test.each(['event', 'telemetry', 'event/?on-error=ignore'])(
    'a message to %s closes the connection with 0x9B, and is not uploaded',
    async (topic) => {
      const { publish, peer, sender, events, connack } = await givenAPeer(5);
      expect(connack).toMatchObject({ properties: { maximumQoS: 1 } });
      publish(topic, { qos: 2 });
      expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x9b });
      await peer.closed();
      expect((await events(2))[1]).toMatchObject({ reason: 'protocol-error', raw: { code: 0x9b } });
      await settled();
      expect(sender.messages).toEqual([]);
    },
  );
});

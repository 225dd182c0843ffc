import { settled } from '@rollcall/conformance';
import type { IPublishPacket } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { givenAPeer } from './testing/given-a-peer.ts';
import { rawPeer } from './testing/raw-peer.ts';

const nameless = { username: undefined, password: undefined };
const adapter = { authenticationRequired: false };

describe.each([4, 5] as const)('a device of version %i that need not say who it is', (version) => {
  const givenAnybody = (facts: Partial<Parameters<typeof givenAPeer>[1]> = {}) =>
    givenAPeer(version, { connect: nameless, adapter, ...facts });

  test('uploads for what its topics name, in full, and gives no event', async () => {
    const { peer, publish, sender, sink, running } = await givenAnybody();
    publish('event/acme/valve-1');
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
    publish('t/umbrella/thermostat-7', { messageId: 8 });
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 8 });
    expect(sender.messages.map(({ device }) => device)).toEqual([
      { tenant: 'acme', device: 'valve-1' },
      { tenant: 'umbrella', device: 'thermostat-7' },
    ]);
    await running.stop({ graceMs: 0 });
    await peer.closed();
    await settled();
    expect(sink.events).toEqual([]);
  });

  test('that subscribed to errors hears why it may not upload, and stays', async () => {
    const { peer, publish, sender } = await givenAnybody();
    const filter = 'error/acme/nobody/#';
    peer.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos: 0 }] });
    expect(await peer.next()).toMatchObject({ cmd: 'suback', granted: [0] });
    publish('event/acme/nobody');
    expect((await peer.next()) as IPublishPacket).toMatchObject({ topic: 'error/acme/nobody/event/7/404' });
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 7 });
    publish('event/acme/valve-1', { messageId: 8 });
    expect(await peer.next()).toMatchObject({ cmd: 'puback', messageId: 8 });
    expect(sender.messages).toHaveLength(1);
  });

  test.each(['event', 'event//valve-1', 'event/acme/nobody', 'event/nowhere/valve-1'])(
    'may not upload to %s',
    async (topic) => {
      const { peer, publish, sender } = await givenAnybody();
      publish(topic);
      if (version === 4) await peer.closed();
      else
        expect(((await peer.next()) as { reasonCode?: number }).reasonCode ?? 0).toBeGreaterThanOrEqual(0x80);
      expect(sender.messages).toEqual([]);
    },
  );

  test('subscribes to commands of devices that it names in full', async () => {
    const { peer } = await givenAnybody();
    const subscriptions = ['c/acme/valve-1/q/#', 'c///q/#'].map((topic) => ({ topic, qos: 1 as const }));
    peer.send({ cmd: 'subscribe', messageId: 1, subscriptions });
    expect(await peer.next()).toMatchObject({ cmd: 'suback', granted: [1, 0x80] });
  });

  test('counts against the limit of connections', async () => {
    const { address } = await givenAnybody({ setting: { settings: { maxConnections: 1 } } });
    const second = rawPeer(address.port, version);
    expect(await second.connect({ ...nameless, clientId: 'unit-2' })).toMatchObject(
      version === 5 ? { reasonCode: 0x9c } : { returnCode: 0x03 },
    );
    await second.closed();
  });

  test('lives beside another of the same client id', async () => {
    const { address, peer, publish } = await givenAnybody();
    const second = rawPeer(address.port, version);
    expect(await second.connect(nameless)).toMatchObject({ cmd: 'connack' });
    publish('event/acme/valve-1');
    expect(await peer.next()).toMatchObject({ cmd: 'puback' });
    second.socket.destroy();
  });

  test('is closed when it falls silent', async () => {
    const { peer, clock, sink } = await givenAnybody();
    await clock.advanceAsync(90_000);
    await peer.closed();
    expect(sink.events).toEqual([]);
  });

  test('is that device, with events, if it logs in, and is refused if it cannot', async () => {
    const { address, events } = await givenAnybody({ connect: {} });
    expect((await events(1))[0]).toMatchObject({ device: { device: 'thermostat-7' } });
    const guesser = rawPeer(address.port, version);
    expect(await guesser.connect({ password: Buffer.from('guess') })).toMatchObject(
      version === 5 ? { reasonCode: 0x86 } : { returnCode: 0x04 },
    );
    await guesser.closed();
  });
});

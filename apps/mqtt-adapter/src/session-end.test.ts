import { ManualClock, settled } from '@rollcall/conformance';
import { MemoryFleet } from '@rollcall/conformance/fleet';
import { arrived } from '@rollcall/conformance/machine';
import { describe, expect, test } from 'vitest';
import { givenAnAdapter } from './testing/mqtt-bed.ts';
import { rawPeer } from './testing/raw-peer.ts';

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

  test('by a DISCONNECT with an error is no clean goodbye, and the event has its text', async () => {
    const { peer, events } = await givenAConnectedPeer();
    peer.send({ cmd: 'disconnect', reasonCode: 0x80, properties: { reasonString: 'battery low' } });
    expect((await events(2))[1]).toMatchObject({
      reason: 'client-closed',
      clean: false,
      raw: { code: 0x80, text: 'battery low' },
    });
  });

  test('by a DISCONNECT that asks for a session, which the CONNECT did not, is a breach of the protocol', async () => {
    const { peer, events } = await givenAConnectedPeer();
    peer.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 5 } });
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 });
    expect((await events(2))[1]).toMatchObject({ reason: 'protocol-error', raw: { code: 0x82 } });
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

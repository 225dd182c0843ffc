import { expect, test } from 'vitest';
import { givenAPeer } from './testing/given-a-peer.ts';

test('the CONNACK of MQTT 5.0 names each feature that the adapter lacks, once', async () => {
  const { connack } = await givenAPeer(5);
  expect(connack).toMatchObject({ reasonCode: 0, sessionPresent: false });
  // No Wildcard Subscription Available: filters for errors and commands have wildcards.
  expect('properties' in connack && connack.properties).toEqual({
    maximumQoS: 1,
    retainAvailable: false,
    maximumPacketSize: 2_048 + 128,
    receiveMaximum: 100,
    subscriptionIdentifiersAvailable: false,
    sharedSubscriptionAvailable: false,
  });
});

test('the CONNACK of MQTT 3.1.1 has its four bytes', async () => {
  const { connack, heardUntilPing } = await givenAPeer(4);
  expect(connack).toMatchObject({ cmd: 'connack', returnCode: 0, length: 2 });
  expect(await heardUntilPing()).toEqual([]);
});

test.each([
  ['shared', '$share/group/error///#', 0x9e],
  ['no filter of ours', 'telemetry/#', 0x80],
])('a SUBSCRIBE with a filter that is %s is refused', async (_what, topic, code) => {
  const { peer } = await givenAPeer(5);
  peer.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] });
  expect(await peer.next()).toMatchObject({ cmd: 'suback', granted: [code] });
});

test('a SUBSCRIBE with a Subscription Identifier closes the connection with 0xA1', async () => {
  const { peer, events } = await givenAPeer(5);
  const properties = { subscriptionIdentifier: 5 };
  peer.send({ cmd: 'subscribe', messageId: 1, properties, subscriptions: [{ topic: 'error///#', qos: 0 }] });
  expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0xa1 });
  expect((await events(2))[1]).toMatchObject({ reason: 'protocol-error', raw: { code: 0xa1 } });
});

test('a retained message is uploaded, as in Hono, and marked as retained for consumers', async () => {
  const { publish, peer, sender } = await givenAPeer(5);
  publish('event', { retain: true });
  expect(await peer.next()).toMatchObject({ cmd: 'puback', reasonCode: 0 });
  expect(sender.messages).toMatchObject([{ retain: true }]);
});

const properties = { requestProblemInformation: false };
const why = { status: 'failed', failure: { status: 503, text: 'no consumer' } } as const;

test('with Request Problem Information 0 a PUBACK has no Reason String, a DISCONNECT may have one', async () => {
  const { publish, peer, sender } = await givenAPeer(5, { connect: { properties } });
  sender.outcome = () => why;
  publish('event');
  const puback = await peer.next();
  expect(puback).toMatchObject({ cmd: 'puback', reasonCode: 0x80 });
  expect(puback).not.toHaveProperty('properties');
  publish('event/?on-error=disconnect');
  expect(await peer.next()).toMatchObject({ cmd: 'disconnect', properties: { reasonString: 'no consumer' } });
});

test('with a Maximum Packet Size an answer that is too long goes without its Reason String, or not at all', async () => {
  const limited = { maximumPacketSize: 40 };
  const { publish, peer, sender, heardUntilPing } = await givenAPeer(5, { connect: { properties: limited } });
  peer.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'error///#', qos: 0 }] });
  await peer.next();
  sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'x'.repeat(100) } });
  publish('event');
  const puback = await peer.next();
  expect(puback, 'the error message is too long').toMatchObject({ cmd: 'puback', reasonCode: 0x80 });
  expect(puback).not.toHaveProperty('properties');
  expect(await heardUntilPing()).toEqual([]);
});

test('with a Maximum Packet Size, filters whose SUBACK would be too long close the connection with 0x95', async () => {
  const { peer } = await givenAPeer(5, { connect: { properties: { maximumPacketSize: 40 } } });
  const subscriptions = Array.from({ length: 50 }, (_, index) => ({
    topic: `e//d${index}/#`,
    qos: 0 as const,
  }));
  peer.send({ cmd: 'subscribe', messageId: 1, subscriptions });
  expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x95 });
});

test('a CONNECT with a Maximum Packet Size below that of a CONNACK is refused with 0x95', async () => {
  const { connack, peer, sink } = await givenAPeer(5, { connect: { properties: { maximumPacketSize: 10 } } });
  expect(connack).toMatchObject({ cmd: 'connack', reasonCode: 0x95 });
  await peer.closed();
  expect(sink.events).toEqual([]);
});

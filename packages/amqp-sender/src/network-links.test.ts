import type { SendOutcome } from '@rollcall/amqp-connection/links';
import { createTestBed } from '@rollcall/amqp-connection/testing';
import { anEventMessage } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { afterEach, describe, expect, test } from 'vitest';
import type { NetworkOptions } from './messaging-network.ts';
import { createNetworkLinks } from './network-links.ts';
import { networkPresets } from './network-presets.ts';

const bed = createTestBed();
afterEach(() => bed.closeAll());

const device = deviceRef('T/1', 'd 1');
const message = anEventMessage('e1', { device });

async function given(network: NetworkOptions) {
  const { peer, connection } = await bed.givenAPeer();
  await connection.whenConnected();
  const links = createNetworkLinks(connection, network, { creditWaitMs: 1_000, outcomeTimeoutMs: 1_000 });
  const send = (endpoint: 'telemetry' | 'event', of = device): Promise<SendOutcome> =>
    new Promise((resolve) => links.submit(endpoint, of, message, {}, resolve));
  return { peer, send };
}

describe('addresses, and the requirements for them,', () => {
  test.each([
    ['hono', 'event/T/1', 'telemetry/T/1', 0, []],
    ['artemis', 'event/T/1', 'telemetry/T/1', 0, ['queue']],
    ['rabbitmq-3', '/queue/event%2FT%2F1', '/queue/telemetry%2FT%2F1', 2, []],
    ['rabbitmq-4', '/queues/event%2FT%2F1', '/queues/telemetry%2FT%2F1', 0, []],
    ['activemq-classic', 'queue://event.T/1', 'queue://telemetry.T/1', 0, []],
  ] as const)('follow the preset %s', async (name, event, telemetry, durable, capabilities) => {
    const { peer, send } = await given(networkPresets[name]);
    for (const [endpoint, address] of [
      ['event', event],
      ['telemetry', telemetry],
    ] as const) {
      expect(await send(endpoint)).toEqual({ status: 'accepted' });
      expect(peer.lastTarget()).toEqual({ address, durable, capabilities });
    }
    expect(peer.received.map(({ message: { to } }) => to)).toEqual(['event/T/1', 'event/T/1']);
  });
});

test('an anonymous relay has one link without an address, and each message says where it goes', async () => {
  const { peer, send } = await given({
    ...networkPresets['activemq-classic'],
    links: 'anonymous-relay',
    eventCapabilities: ['queue'],
  });
  await send('event');
  await send('telemetry');
  await send('event', deviceRef('other', 'd'));
  expect(peer.attached).toEqual(['']);
  expect(peer.lastTarget()).toEqual({ address: undefined, durable: 0, capabilities: [] });
  expect(peer.received.map(({ message: { to } }) => to)).toEqual([
    'queue://event.T/1',
    'queue://telemetry.T/1',
    'queue://event.other',
  ]);
});

test('a message gets the subject and the annotations of its network, and the same again when it is sent again', async () => {
  const { peer, send } = await given({
    ...networkPresets.hono,
    subject: '{tenant:pct}.{device:pct}',
    annotations: { 'x-opt-partition-key': '{device}', 'x-site': 'north' },
  });
  await send('event');
  await send('event');
  const [first, again] = peer.received.map(({ message: received }) => received);
  expect(first).toMatchObject({
    to: 'event/T/1',
    subject: 'T%2F1.d%201',
    message_annotations: { tenant_id: 'T/1', 'x-opt-partition-key': 'd 1', 'x-site': 'north' },
  });
  expect(again).toEqual(first);
});

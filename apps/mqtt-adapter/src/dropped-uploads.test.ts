import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { givenAPeer } from './testing/given-a-peer.ts';

const line = 'an upload is dropped, and its device does not hear of it';

/** What the log says of uploads of which a device hears nothing, after one that the network did not take. */
async function droppedAfter(
  version: 4 | 5,
  topic: string,
  facts: object,
  filter?: string,
): Promise<readonly object[]> {
  const { peer, publish, sender, logged, heardUntilPing } = await givenAPeer(version);
  if (filter !== undefined) {
    peer.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos: 0 }] });
    await peer.next();
  }
  sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'no consumer' } });
  publish(topic, facts);
  await heardUntilPing();
  await settled();
  return logged.filter(({ level }) => level === 'warn');
}

test.each([
  ['QoS 0', 4, 'telemetry', { qos: 0 }],
  ['QoS 0', 5, 'telemetry', { qos: 0 }],
  ['on-error=ignore, whose PUBACK says that it was taken', 4, 'telemetry/?on-error=ignore', {}],
  ['on-error=skip-ack', 4, 'telemetry/?on-error=skip-ack', {}],
  ['on-error=skip-ack', 5, 'telemetry/?on-error=skip-ack', {}],
  ['QoS 0 and on-error=ignore', 5, 'telemetry/?on-error=ignore', { qos: 0 }],
] as const)(
  'a message with %s over version %i that is lost is told in the log',
  async (_what, version, topic, facts) =>
    expect(await droppedAfter(version, topic, facts)).toMatchObject([
      { message: line, facts: { device: 'thermostat-7', status: 503, text: 'no consumer', alsoDropped: 0 } },
    ]),
);

test.each([
  ['by PUBACK', 5, 'telemetry', {}, undefined],
  ['by PUBACK, with on-error=ignore', 5, 'telemetry/?on-error=ignore', {}, undefined],
  ['by an error message', 4, 'telemetry', {}, 'error///#'],
  ['by an error message, with QoS 0', 5, 'telemetry', { qos: 0 }, 'error///#'],
] as const)('one of which the device hears %s is not', async (_how, version, topic, facts, filter) =>
  expect(await droppedAfter(version, topic, facts, filter)).toEqual([]),
);

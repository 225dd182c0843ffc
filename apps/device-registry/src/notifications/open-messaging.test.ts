import { startScriptedPeer } from '@rollcall/amqp-connection/testing';
import { amqp } from '@rollcall/amqp-sender';
import { seededRandom } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { later, silentLog, systemClock as clock, type Clock } from '@rollcall/core/environment';
import { readOptions } from '@rollcall/options';
import { ResourceStack } from '@rollcall/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { provisioningEvent } from '../provisioning/provisioning-event.ts';
import type { StoredChange } from '../store/registry-write.ts';
import { MemoryOutbox } from '../testing/memory-outbox.ts';
import { openMessaging } from './open-messaging.ts';

/** Waits for whatever comes within a minute more than it should. */
const patient: Clock = { ...clock, at: (deadline, wake) => clock.at(later(deadline, 60_000), wake) };

async function given(env: Readonly<Record<string, string>> = {}, time: Clock = clock) {
  const peer = await startScriptedPeer();
  const { values } = readOptions(amqp.options, {
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_MESSAGING_PORT: String(peer.port),
    ROLLCALL_MESSAGING_USERNAME: 'registry',
    ROLLCALL_MESSAGING_PASSWORD: 'secret',
    ...env,
  });
  const resources = new ResourceStack();
  const random = seededRandom(1);
  const outbox = new MemoryOutbox(clock);
  const messaging = openMessaging(
    {
      ...{ values, clock: time, random, log: silentLog, outbox },
      files: { follow() {} },
      fileOf: () => undefined,
      failed: (_where, error) => expect.unreachable(String(error)),
    },
    resources,
  );
  const changed = (change: StoredChange): void => {
    outbox.keep(change);
    messaging.notifier.changed(change);
  };
  onTestFinished(async () => {
    await resources.disposeAsync();
    await peer.close();
  });
  return { peer, messaging, resources, random, changed };
}

test('changes and the events of devices that registered themselves go to the messaging network', async () => {
  const { peer, messaging, random, changed } = await given();
  changed({ type: 'credentials', tenant: 'acme', device: 'd-1' });
  changed({ type: 'all-devices-deleted', tenant: 'acme' });
  await messaging.notifier.drained();
  const device = deviceRef('acme', 'd-1');
  while (!messaging.sender.connected()) await new Promise((resolve) => setImmediate(resolve));
  const event = provisioningEvent({ device, tenant: {}, at: clock.now(), random });
  expect(await messaging.sender.send(event)).toEqual({ status: 'accepted' });
  expect(peer.received.map(({ address }) => address)).toEqual([
    'notification/registry-device',
    'notification/registry-device',
    'event/acme',
  ]);
  const [{ message } = { message: { body: undefined } }] = peer.received;
  expect(message).toMatchObject({ to: 'notification/registry-device', content_type: 'application/json' });
  expect(JSON.parse(String((message.body as unknown as { content: Buffer }).content))).toMatchObject({
    type: 'credentials-change-v1',
    'device-id': 'd-1',
  });
  expect(peer.received[2]?.message).toMatchObject({
    durable: true,
    content_type: 'application/vnd.eclipse-hono-device-provisioning-notification',
    application_properties: { hono_registration_status: 'NEW', orig_adapter: 'hono-device-registry' },
  });
  expect(peer.logins).toEqual([
    { username: 'registry', password: 'secret' },
    { username: 'registry', password: 'secret' },
  ]);
});

test('a change that the network did not confirm is sent again', async () => {
  const { peer, messaging, changed } = await given();
  let refused = 0;
  peer.verdict = () => (refused++ === 0 ? 'released' : 'accepted');
  changed({ type: 'all-devices-deleted', tenant: 'acme' });
  await messaging.notifier.drained();
  expect(peer.received).toHaveLength(2);
});

test('a stop waits for changes that are on their way', async () => {
  const { peer, resources, changed } = await given({}, patient);
  changed({ type: 'all-devices-deleted', tenant: 'acme' });
  await resources.disposeAsync();
  expect(peer.received).toHaveLength(1);
});

test('each adapter gets each change, even on a network whose addresses of events are queues', async () => {
  const { peer, messaging, changed } = await given({ ROLLCALL_MESSAGING_NETWORK: 'artemis' });
  changed({ type: 'all-devices-deleted', tenant: 'acme' });
  await messaging.notifier.drained();
  expect(peer.lastTarget()).toMatchObject({ address: 'notification/registry-device', capabilities: [] });
});

import { ManualClock, RecordingSender, seededRandom, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createRegistrationService } from '../amqp/registration-service.ts';
import { memoryStore } from '../testing/memory-store.ts';
import { createEdgeProvisioning } from './edge-provisioning.ts';
import { ProvisioningNotifier } from './provisioning-notifier.ts';

async function given({ gateway = {}, tenant = {} } = {}) {
  const { store, ...fill } = memoryStore();
  await fill.tenant('acme', tenant);
  await fill.device('gw-1', { authorities: ['auto-provisioning-enabled'], memberOf: ['g'], ...gateway });
  const clock = new ManualClock();
  const sender = new RecordingSender();
  const notifier = new ProvisioningNotifier({ store, sender, clock, random: seededRandom(1) });
  const isDeviceId = (id: string): boolean => /^[a-z0-9-]+$/.test(id);
  const service = createRegistrationService({
    store,
    provisioning: createEdgeProvisioning({ store, notifier, clock, isDeviceId }),
  });
  const ask = (device_id: string, gateway_id = 'gw-1') =>
    service.answer({
      tenant: 'acme',
      subject: 'assert',
      properties: { device_id, gateway_id },
      body: undefined,
    });
  const statusOf = async (device: string) => (await store.registration('acme', device)).device?.status;
  return { ...fill, store, clock, sender, ask, statusOf };
}

const failed = { status: 'failed', failure: { status: 503, text: 'away' } } as const;

test('a device that sends through a gateway is registered for it and its groups, and the event is sent', async () => {
  const { ask, sender, store } = await given();
  expect(await ask('d-1')).toMatchObject({ status: 200, body: { 'device-id': 'd-1', via: ['gw-1'] } });
  expect(sender.messages).toMatchObject([
    {
      device: { tenant: 'acme', device: 'd-1' },
      properties: { gateway_id: 'gw-1', hono_registration_status: 'NEW' },
    },
  ]);
  expect((await store.registration('acme', 'd-1')).device).toMatchObject({
    content: { enabled: true, via: ['gw-1'], viaGroups: ['g'] },
    status: { autoProvisioned: true, provisioningEventSent: true },
  });
  expect(await ask('d-1')).toMatchObject({ status: 200 });
  expect(sender.messages).toHaveLength(1);
});

test('a device id that the registry does not allow is refused', async () => {
  const { ask, sender, statusOf } = await given();
  expect(await ask('no id!')).toMatchObject({ status: 400 });
  expect(await statusOf('no id!')).toBeUndefined();
  expect(sender.messages).toEqual([]);
});

test('no device is added beyond the limit of the tenant', async () => {
  const { ask, statusOf } = await given({ tenant: { 'registration-limits': { 'max-devices': 1 } } });
  expect(await ask('d-1')).toMatchObject({ status: 403 });
  expect(await statusOf('d-1')).toBeUndefined();
});

test('a request fails if the event cannot be sent, and the next one sends it', async () => {
  const { ask, sender, statusOf, clock } = await given();
  sender.outcome = () => failed;
  expect(await ask('d-1')).toMatchObject({ status: 503 });
  expect(await statusOf('d-1')).toMatchObject({ autoProvisioned: true, provisioningEventSent: false });
  sender.outcome = () => ({ status: 'accepted' });
  const again = ask('d-1');
  await settled();
  // Another replica may be about to tell of it.
  expect(sender.messages).toHaveLength(1);
  await clock.advanceAsync(50);
  expect(await again).toMatchObject({ status: 200 });
  expect(sender.messages).toHaveLength(2);
  expect(await statusOf('d-1')).toMatchObject({ provisioningEventSent: true });
});

test('an event that another replica has sent meanwhile is not sent again', async () => {
  const { ask, sender, store, clock } = await given();
  sender.outcome = () => failed;
  await ask('d-1');
  const again = ask('d-1');
  await settled();
  await store.write({ kind: 'note-provisioning-event-sent', tenant: 'acme', device: 'd-1', version: 'v' });
  await clock.advanceAsync(50);
  expect(await again).toMatchObject({ status: 200 });
  expect(sender.messages).toHaveLength(1);
});

test('two simultaneous requests for a device register it once, and send one event', async () => {
  const { ask, sender } = await given();
  let accept = (): void => {};
  sender.outcome = () => new Promise((resolve) => (accept = () => resolve({ status: 'accepted' })));
  const answers = Promise.all([ask('d-1'), ask('d-1'), ask('d-1')]);
  await settled();
  accept();
  expect(await answers).toMatchObject([{ status: 200 }, { status: 200 }, { status: 200 }]);
  expect(sender.messages).toHaveLength(1);
});

test('a device that came through another gateway at the same time stays with that gateway', async () => {
  const { ask, device, sender } = await given();
  await device('gw-2', { authorities: ['auto-provisioning-enabled'] });
  const [first, second] = await Promise.all([ask('d-1', 'gw-2'), ask('d-1', 'gw-1')]);
  expect([first, second]).toMatchObject([{ status: 200 }, { status: 403 }]);
  expect(sender.messages).toMatchObject([{ properties: { gateway_id: 'gw-2' } }]);
});

test('no event is sent about a device that was registered by hand', async () => {
  const { ask, device, sender } = await given();
  await device('d-1', { via: ['gw-1'] });
  expect(await ask('d-1')).toMatchObject({ status: 200 });
  expect(sender.messages).toEqual([]);
});

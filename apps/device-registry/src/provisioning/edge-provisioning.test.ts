import { ManualClock, RecordingSender, seededRandom, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createRegistrationService } from '../amqp/registration-service.ts';
import { memoryStore } from '../testing/memory-store.ts';
import { createEdgeProvisioning } from './edge-provisioning.ts';
import { ProvisioningNews } from './provisioning-news.ts';

async function given({ gateway = {}, tenant = {} } = {}) {
  const { store, ...fill } = memoryStore();
  await fill.tenant('acme', tenant);
  await fill.device('gw-1', { authorities: ['auto-provisioning-enabled'], memberOf: ['g'], ...gateway });
  const clock = new ManualClock();
  const sender = new RecordingSender();
  const news = new ProvisioningNews({ store, sender, clock, random: seededRandom(1) });
  const isDeviceId = (id: string): boolean => /^[a-z0-9-]+$/.test(id);
  const service = createRegistrationService({
    store,
    provisioning: createEdgeProvisioning({ store, news, clock, isDeviceId }),
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

test('a device that its gateway brings is registered for it and its groups, and applications are told', async () => {
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
    status: { autoProvisioned: true, provisioningTold: true },
  });
  expect(await ask('d-1')).toMatchObject({ status: 200 });
  expect(sender.messages).toHaveLength(1);
});

test('a device id that the registry would not take is refused', async () => {
  const { ask, sender, statusOf } = await given();
  expect(await ask('no id!')).toMatchObject({ status: 400 });
  expect(await statusOf('no id!')).toBeUndefined();
  expect(sender.messages).toEqual([]);
});

test('where the tenant has as many devices as it may have, none is added', async () => {
  const { ask, statusOf } = await given({ tenant: { 'registration-limits': { 'max-devices': 1 } } });
  expect(await ask('d-1')).toMatchObject({ status: 403 });
  expect(await statusOf('d-1')).toBeUndefined();
});

test('where applications cannot be told the request fails, and the next one tells them', async () => {
  const { ask, sender, statusOf, clock } = await given();
  sender.outcome = () => failed;
  expect(await ask('d-1')).toMatchObject({ status: 503 });
  expect(await statusOf('d-1')).toMatchObject({ autoProvisioned: true, provisioningTold: false });
  sender.outcome = () => ({ status: 'accepted' });
  const again = ask('d-1');
  await settled();
  // Another replica may be about to tell of it.
  expect(sender.messages).toHaveLength(1);
  await clock.advanceAsync(50);
  expect(await again).toMatchObject({ status: 200 });
  expect(sender.messages).toHaveLength(2);
  expect(await statusOf('d-1')).toMatchObject({ provisioningTold: true });
});

test('what another replica has told meanwhile is not told again', async () => {
  const { ask, sender, store, clock } = await given();
  sender.outcome = () => failed;
  await ask('d-1');
  const again = ask('d-1');
  await settled();
  await store.write({ kind: 'note-provisioning-told', tenant: 'acme', device: 'd-1', version: 'v' });
  await clock.advanceAsync(50);
  expect(await again).toMatchObject({ status: 200 });
  expect(sender.messages).toHaveLength(1);
});

test('two requests for a device at the same time register it once, and tell of it once', async () => {
  const { ask, sender } = await given();
  let accept = (): void => {};
  sender.outcome = () => new Promise((resolve) => (accept = () => resolve({ status: 'accepted' })));
  const answers = Promise.all([ask('d-1'), ask('d-1'), ask('d-1')]);
  await settled();
  accept();
  expect(await answers).toMatchObject([{ status: 200 }, { status: 200 }, { status: 200 }]);
  expect(sender.messages).toHaveLength(1);
});

test('a device that another gateway brought at the same time stays with that', async () => {
  const { ask, device, sender } = await given();
  await device('gw-2', { authorities: ['auto-provisioning-enabled'] });
  const [first, second] = await Promise.all([ask('d-1', 'gw-2'), ask('d-1', 'gw-1')]);
  expect([first, second]).toMatchObject([{ status: 200 }, { status: 403 }]);
  expect(sender.messages).toMatchObject([{ properties: { gateway_id: 'gw-2' } }]);
});

test('a device that was registered by hand is not told', async () => {
  const { ask, device, sender } = await given();
  await device('d-1', { via: ['gw-1'] });
  expect(await ask('d-1')).toMatchObject({ status: 200 });
  expect(sender.messages).toEqual([]);
});

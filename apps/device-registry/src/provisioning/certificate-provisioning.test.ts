import { ManualClock, RecordingSender, seededRandom } from '@rollcall/conformance';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { formatName, readCertificateParts } from '@rollcall/core/x509';
import { expect, test } from 'vitest';
import { createCredentialsService } from '../amqp/credentials-service.ts';
import type { TenantContent, TrustedCaContent } from '../store/registry-content.ts';
import { memoryStore } from '../testing/memory-store.ts';
import { trustedCa } from '../testing/stored.ts';
import { createCertificateProvisioning } from './certificate-provisioning.ts';
import { ProvisioningNotifier } from './provisioning-notifier.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const authority = createCertificateAuthority('CN=ca,O=Acme');
const { der } = authority.issue({ subject: 'CN=device-7,O=Acme' });
const authId = formatName(readCertificateParts(der).subject);
const caName = formatName(readCertificateParts(der).issuer);

const anchor = (content: Partial<TrustedCaContent> = {}): TrustedCaContent =>
  trustedCa({
    'subject-dn': caName,
    'public-key': base64(authority.publicKey),
    'auto-provisioning-enabled': true,
    ...content,
  });

async function given(ca: Partial<TrustedCaContent> = {}, tenant: TenantContent = {}) {
  const { store, ...fill } = memoryStore();
  await fill.tenant('acme', { 'trusted-ca': [anchor(ca)], ...tenant });
  const clock = new ManualClock('2026-06-01T00:00:00.000Z');
  const sender = new RecordingSender();
  const notifier = new ProvisioningNotifier({ store, sender, clock, random: seededRandom(1) });
  const isDeviceId = (id: string): boolean => /^[a-zA-Z0-9-_.:=]+$/.test(id);
  const service = createCredentialsService({
    store,
    cacheMaxAgeSeconds: 180,
    provisioning: createCertificateProvisioning({ store, notifier, clock, isDeviceId }),
  });
  const ask = (certificate: unknown = base64(der), id = authId) =>
    service.answer({
      tenant: 'acme',
      subject: 'get',
      properties: {},
      body: Buffer.from(
        JSON.stringify({ type: 'x509-cert', 'auth-id': id, 'client-certificate': certificate }),
      ),
    });
  const found = async (id = authId) => (await store.credentialsBy('acme', 'x509-cert', id)).found;
  return { ...fill, store, clock, sender, ask, found };
}

test('a device with a certificate of a trusted authority is registered, and the event is sent', async () => {
  const { ask, found, sender } = await given();
  const answer = await ask();
  const { device, credentials } = (await found()) ?? {};
  expect(answer).toEqual({
    kind: 'result',
    tenant: 'acme',
    status: 201,
    body: { ...credentials, 'device-id': device?.id },
  });
  expect(credentials).toEqual({
    type: 'x509-cert',
    'auth-id': authId,
    enabled: true,
    comment: 'Auto-provisioned at 2026-06-01T00:00:00.000Z',
    secrets: [{ id: expect.any(String) }],
  });
  expect(device).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    content: { enabled: true, ext: { comment: 'Auto-provisioned at 2026-06-01T00:00:00.000Z' } },
    status: { autoProvisioned: true, provisioningEventSent: true },
  });
  expect(device?.content.authorities).toBeUndefined();
  expect(sender.messages).toMatchObject([{ device: { tenant: 'acme', device: device?.id } }]);
  expect(sender.messages[0]?.properties).not.toHaveProperty('gateway_id');
  expect(await ask()).toMatchObject({ status: 200, cacheControl: 'max-age = 180' });
  expect(sender.messages).toHaveLength(1);
});

test('a device is registered as a gateway with the authority for its devices if the certificate authority says so', async () => {
  const { ask, found } = await given({ 'auto-provision-as-gateway': true });
  expect(await ask()).toMatchObject({ status: 201 });
  expect((await found())?.device.content.authorities).toEqual(['auto-provisioning-enabled']);
});

test('the id of a device is made from the template of the authority', async () => {
  const { ask, found } = await given({ 'auto-provisioning-device-id-template': 'unit-{{subject-cn}}' });
  expect(await ask()).toMatchObject({ status: 201, body: { 'device-id': 'unit-device-7' } });
  expect((await found())?.device.id).toBe('unit-device-7');
});

test.each<[string, Partial<TrustedCaContent>]>([
  ['is no device id', { 'auto-provisioning-device-id-template': '{{subject-dn}}' }],
  ['needs what the certificate lacks', { 'auto-provisioning-device-id-template': '{{subject-ou}}' }],
])('a template that %s registers no device', async (_what, ca) => {
  const { ask, found } = await given(ca);
  expect(await ask()).toMatchObject({ status: 400 });
  expect(await found()).toBeUndefined();
});

const other = createCertificateAuthority('CN=ca,O=Acme');

test.each<[string, Partial<TrustedCaContent>, unknown, number]>([
  ['of an authority that may not register devices', { 'auto-provisioning-enabled': false }, undefined, 404],
  ['of an authority that is not trusted', { 'subject-dn': 'CN=another' }, undefined, 404],
  ['of an authority whose time is over', { 'not-after': '2026-05-31T00:00:00Z' }, undefined, 404],
  [
    'that another authority of the same name has signed',
    {},
    base64(other.issue({ subject: 'CN=device-7,O=Acme' }).der),
    404,
  ],
  ['that is none', {}, 'bm90IGEgY2VydGlmaWNhdGU=', 400],
  ['that is no text', {}, { der: true }, 400],
])('a certificate %s registers no device', async (_what, ca, certificate, status) => {
  const { ask, found, sender } = await given(ca);
  expect(await ask(certificate)).toMatchObject({ status });
  expect(await found()).toBeUndefined();
  expect(sender.messages).toEqual([]);
});

test('no device is added beyond the limit of the tenant', async () => {
  const { ask, found } = await given({}, { 'registration-limits': { 'max-devices': 0 } });
  expect(await ask()).toMatchObject({ status: 403 });
  expect(await found()).toBeUndefined();
});

test('an id that another device has is refused', async () => {
  const { ask, device, found, sender } = await given({
    'auto-provisioning-device-id-template': '{{subject-cn}}',
  });
  await device('device-7');
  expect(await ask()).toMatchObject({ status: 409 });
  expect(await found()).toBeUndefined();
  expect(sender.messages).toEqual([]);
});

test('two simultaneous requests register one device, and send one event', async () => {
  const { ask, sender } = await given();
  const [one, another] = await Promise.all([ask(), ask()]);
  expect([one, another]).toMatchObject([{ status: 201 }, { status: 201 }]);
  expect((one as { body: object }).body).toEqual((another as { body: object }).body);
  expect(sender.messages).toHaveLength(1);
});

test('a request fails if the event cannot be sent, and the next one sends it', async () => {
  const { ask, sender, found } = await given();
  sender.outcome = () => ({ status: 'failed', failure: { status: 503, text: 'away' } });
  expect(await ask()).toMatchObject({ status: 503 });
  expect((await found())?.device.status).toMatchObject({
    autoProvisioned: true,
    provisioningEventSent: false,
  });
  sender.outcome = () => ({ status: 'accepted' });
  expect(await ask()).toMatchObject({ status: 200 });
  expect((await found())?.device.status).toMatchObject({ provisioningEventSent: true });
  expect(sender.messages).toHaveLength(2);
});

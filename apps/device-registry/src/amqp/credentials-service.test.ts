import { expect, test } from 'vitest';
import type { CredentialContent } from '../store/registry-content.ts';
import type { CredentialsFacts } from '../store/registry-store.ts';
import { storedDevice, storedTenant } from '../testing/stored.ts';
import { createCredentialsService, type CertificateOutcome } from './credentials-service.ts';

const password: CredentialContent = {
  type: 'hashed-password',
  'auth-id': 'sensor-1',
  ext: { client: 'one', address: { street: 'x' } },
  secrets: [
    { id: 's-1', 'hash-function': 'sha-512', 'pwd-hash': 'aGFzaA==', salt: 'c2FsdA==' },
    {
      id: 's-2',
      enabled: false,
      'hash-function': 'bcrypt',
      'pwd-hash': '$2a$10$x',
      'not-after': '2020-01-01T00:00:00Z',
    },
  ],
};

interface Given {
  readonly credentials?: CredentialContent;
  readonly tenant?: false;
  readonly told?: number;
  readonly provisioned?: CertificateOutcome;
  readonly cacheMaxAgeSeconds?: number;
}

function given({ credentials, tenant, told, provisioned, cacheMaxAgeSeconds = 180 }: Given = {}) {
  const asked: string[] = [];
  const provisionings: unknown[] = [];
  const service = createCredentialsService({
    cacheMaxAgeSeconds,
    store: {
      async credentialsBy(tenantId, type, authId): Promise<CredentialsFacts> {
        asked.push(`${tenantId} ${type} ${authId}`);
        return {
          ...(tenant !== false && { tenant: storedTenant('acme') }),
          ...(credentials && { found: { device: storedDevice('d-1'), credentials } }),
        };
      },
    },
    provisioning: {
      async provision(_tenant, authId, certificate) {
        provisionings.push([authId, certificate]);
        return provisioned ?? { status: 'refused', code: 404 };
      },
      sendEvent: async () => told ?? 'sent',
    },
  });
  const ask = (criteria: unknown, subject = 'get') =>
    service.answer({
      tenant: 'acme',
      subject,
      properties: {},
      body: criteria === undefined ? undefined : Buffer.from(JSON.stringify(criteria)),
    });
  return { ask, asked, provisionings };
}

const wanted = { type: 'hashed-password', 'auth-id': 'sensor-1' };

test('credentials are answered with all secrets, even unusable ones, and with the device-id', async () => {
  expect(await given({ credentials: password }).ask(wanted)).toEqual({
    kind: 'result',
    tenant: 'acme',
    status: 200,
    cacheControl: 'max-age = 180',
    body: { ...password, 'device-id': 'd-1' },
  });
});

test.each<[string, number, string]>([
  ['hashed-password', 180, 'max-age = 180'],
  ['x509-cert', 60, 'max-age = 60'],
  ['x509-cert', 0, 'no-cache'],
  ['psk', 180, 'no-cache'],
  ['rpk', 180, 'no-cache'],
  ['custom', 180, 'no-cache'],
])('credentials of type %s, for %s s: %s', async (type, cacheMaxAgeSeconds, cacheControl) => {
  const credentials = { ...password, type, ext: {} };
  const { ask } = given({ credentials, cacheMaxAgeSeconds });
  const answer = await ask({ type, 'auth-id': 'sensor-1' });
  expect(answer).toMatchObject({ status: 200, cacheControl });
  // What is empty is left out.
  expect(Object.keys((answer as { body: object }).body)).not.toContain('ext');
});

test.each<[string, Record<string, unknown>, number]>([
  ['nothing', {}, 200],
  ['the same', { client: 'one' }, 200],
  ['the same, deep', { address: { street: 'x' } }, 200],
  ['what the credentials say nothing of', { other: 'two' }, 200],
  ['null', { client: null }, 200],
  ['what is inherited by all objects', { toString: 'x' }, 200],
  ['something else', { client: 'two' }, 404],
  ['something else of another type', { client: 1 }, 404],
  ['something else, deep', { address: { street: 'y' } }, 404],
  ['one thing right and one wrong', { client: 'one', address: {} }, 404],
])('a client context of %s: %s', async (_what, context, status) => {
  const { ask, provisionings } = given({ credentials: password });
  expect(await ask({ ...wanted, ...context })).toMatchObject({ status });
  expect(provisionings).toEqual([]);
});

test.each<[string, Given]>([
  ['of no tenant', { tenant: false }],
  ['that are not there', {}],
  ['that are disabled', { credentials: { ...password, enabled: false } }],
])('credentials %s are not found', async (_what, facts) => {
  expect(await given(facts).ask(wanted)).toEqual({ kind: 'result', tenant: 'acme', status: 404 });
});

test.each<[string, unknown, string, number]>([
  ['no body', undefined, 'get', 400],
  ['a body that is no object', [], 'get', 400],
  ['no type', { 'auth-id': 'x' }, 'get', 400],
  ['no auth-id', { type: 'psk' }, 'get', 400],
  ['an auth-id and a device-id', { type: 'psk', 'auth-id': 'x', 'device-id': 'd' }, 'get', 400],
  ['a device-id', { type: 'psk', 'device-id': 'd' }, 'get', 501],
  ['another operation', wanted, 'set', 400],
])('a request with %s is refused', async (_what, criteria, subject, status) => {
  const { ask, asked } = given({ credentials: password });
  expect(await ask(criteria, subject)).toMatchObject({ kind: 'failure', status });
  expect(asked).toEqual([]);
});

test('the name of a certificate is looked up in its normal form, and any other auth-id unchanged', async () => {
  const { ask, asked } = given();
  await ask({ type: 'x509-cert', 'auth-id': 'cn=device 1, O="Acme"' });
  await ask({ type: 'x509-cert', 'auth-id': 'device-1' });
  await ask({ type: 'psk', 'auth-id': 'cn=a, o=b' });
  expect(asked).toEqual([
    'acme x509-cert CN=device 1,O=Acme',
    'acme x509-cert device-1',
    'acme psk cn=a, o=b',
  ]);
});

const byCertificate = { type: 'x509-cert', 'auth-id': 'CN=device', 'client-certificate': 'ZGVy' };

test('a device that presents a certificate may be registered by it', async () => {
  const credentials = { type: 'x509-cert', 'auth-id': 'CN=device', secrets: [{ id: 's' }] };
  const { ask, provisionings } = given({
    provisioned: { status: 'registered', deviceId: 'd-9', credentials },
  });
  expect(await ask(byCertificate)).toEqual({
    kind: 'result',
    tenant: 'acme',
    status: 201,
    body: { ...credentials, 'device-id': 'd-9' },
  });
  expect(provisionings).toEqual([['CN=device', 'ZGVy']]);
});

test.each<[string, Given, number]>([
  ['where that is refused', { provisioned: { status: 'refused', code: 403 } }, 403],
  [
    'not where the credentials are there and disabled',
    { credentials: { type: 'x509-cert', 'auth-id': 'CN=device', enabled: false, secrets: [{ id: 's' }] } },
    404,
  ],
])('a device is not registered by its certificate, %s', async (_what, facts, status) => {
  expect(await given(facts).ask(byCertificate)).toMatchObject({ status });
});

test('a request for credentials fails while the event about their new device cannot be sent', async () => {
  expect(await given({ credentials: password, told: 503 }).ask(wanted)).toMatchObject({ status: 503 });
});

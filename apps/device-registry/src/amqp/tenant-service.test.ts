import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { StoredTenant } from '../store/registry-store.ts';
import { storedTenant, trustedCa } from '../testing/stored.ts';
import type { ServiceRequest } from './service-request.ts';
import { tenantObject } from './tenant-object.ts';
import { createTenantService } from './tenant-service.ts';

const clock = new ManualClock('2026-06-01T00:00:00.000Z');

function given(tenants: readonly StoredTenant[], cacheMaxAgeSeconds = 180) {
  const service = createTenantService({
    clock,
    cacheMaxAgeSeconds,
    store: {
      tenantByName: async (name) => tenants.find(({ id, content }) => id === name || content.alias === name),
      tenantsByTrustedCa: async (subjectDn) =>
        tenants.filter(({ content }) => content['trusted-ca']?.some((ca) => ca['subject-dn'] === subjectDn)),
    },
  });
  return (asked: unknown, request: Partial<ServiceRequest> = {}) =>
    service.answer({
      tenant: undefined,
      subject: 'get',
      properties: {},
      body: asked === undefined ? undefined : Buffer.from(JSON.stringify(asked)),
      ...request,
    });
}

const acme = storedTenant('acme', { alias: 'a-c-m-e', 'trusted-ca': [trustedCa()] });

test.each<[string, unknown, Partial<ServiceRequest>]>([
  ['its id', { 'tenant-id': 'acme' }, {}],
  ['its alias', { 'tenant-id': 'a-c-m-e' }, {}],
  ['the name of an authority', { 'subject-dn': 'CN=ca,O=Acme' }, {}],
  ['that name in another spelling', { 'subject-dn': 'cn=ca, o="Acme"' }, {}],
  ['its id as a property', undefined, { properties: { tenant_id: 'acme' } }],
])('a tenant is found by %s, and the answer has its id', async (_key, asked, request) => {
  expect(await given([acme])(asked, request)).toMatchObject({
    kind: 'result',
    status: 200,
    tenant: 'acme',
    cacheControl: 'max-age = 180',
    body: { 'tenant-id': 'acme', enabled: true },
  });
});

test('an authority with an e-mail address is found as Java writes it', async () => {
  const mailed = storedTenant('mailed', {
    'trusted-ca': [{ ...trustedCa(), 'subject-dn': '1.2.840.113549.1.9.1=#16056140622e63,CN=ca' }],
  });
  const asked = { 'subject-dn': 'emailAddress=a@b.c,CN=ca' };
  expect(await given([mailed])(asked)).toMatchObject({ status: 200, tenant: 'mailed' });
});

test('a look-up by an authority that two tenants trust finds neither', async () => {
  const other = storedTenant('other', { 'trusted-ca': [trustedCa()] });
  expect(await given([acme, other])({ 'subject-dn': 'CN=ca,O=Acme' })).toEqual({
    kind: 'result',
    status: 404,
  });
});

test('a tenant that does not exist is not found, and the answer must not be cached', async () => {
  expect(await given([])({ 'tenant-id': 'acme' })).toEqual({ kind: 'result', status: 404, tenant: 'acme' });
});

test('a disabled tenant is answered, as adapters check that', async () => {
  const ask = given([storedTenant('acme', { enabled: false })], 0);
  expect(await ask({ 'tenant-id': 'acme' })).toMatchObject({
    status: 200,
    cacheControl: 'no-cache',
    body: { enabled: false },
  });
});

test.each<[string, unknown, Partial<ServiceRequest>]>([
  ['another operation', { 'tenant-id': 'acme' }, { subject: 'remove' }],
  ['no key', {}, {}],
  ['a key that is no text', { 'tenant-id': 7 }, {}],
  ['a body that is no object', ['acme'], {}],
  ['a body that is no JSON', undefined, { body: Buffer.from('{') }],
  ['a body that is no UTF-8', undefined, { body: Buffer.from([0x22, 0xff, 0x22]) }],
  ['a name that is none', { 'subject-dn': 'just text' }, {}],
  ['nothing', undefined, {}],
])('a request with %s is answered with 400', async (_what, asked, request) => {
  expect(await given([acme])(asked, request)).toMatchObject({ kind: 'failure', status: 400 });
});

test('a tenant is answered with the members and defaults that Hono writes, and without members of the registry', () => {
  const content = {
    alias: 'a-c-m-e',
    defaults: { ttl: 30 },
    ext: { 'messaging-type': 'amqp' },
    adapters: [{ type: 'hono-mqtt', enabled: true, ext: { x: 1 } }, { type: 'hono-http' }],
    'minimum-message-size': 4_096,
    'registration-limits': { 'max-devices': 3 },
    'resource-limits': { 'max-connections': 10, 'max-ttl': -1 },
    tracing: { 'sampling-mode': 'all' },
    'trust-anchor-group': 'group',
  };
  expect(tenantObject({ id: 'acme', content }, clock.now())).toEqual({
    'tenant-id': 'acme',
    enabled: true,
    defaults: { ttl: 30 },
    ext: { 'messaging-type': 'amqp' },
    adapters: [
      { type: 'hono-mqtt', enabled: true, 'device-authentication-required': true, ext: { x: 1 } },
      { type: 'hono-http', enabled: false, 'device-authentication-required': true },
    ],
    'minimum-message-size': 4_096,
    'resource-limits': { 'max-connections': 10 },
    tracing: { 'sampling-mode': 'all' },
  });
});

test('empty members are left out', () => {
  const content = { defaults: {}, ext: {}, adapters: [], 'minimum-message-size': 0, tracing: {} };
  expect(tenantObject({ id: 'acme', content }, clock.now())).toEqual({ 'tenant-id': 'acme', enabled: true });
});

test('only authorities that are valid now are answered, without their validity', () => {
  const content = {
    'trusted-ca': [
      trustedCa({
        'subject-dn-bytes': 'ZG4=',
        'auth-id-template': '{{subject-cn}}',
        'auto-provisioning-enabled': true,
        'auto-provision-as-gateway': true,
        'auto-provisioning-device-id-template': '{{subject-cn}}',
        'ocsp-revocation-enabled': true,
        'ocsp-nonce-enabled': false,
      }),
      trustedCa({ id: 'past', 'not-after': '2026-05-31T23:59:59Z' }),
      trustedCa({ id: 'to come', 'not-before': '2026-06-01T00:00:01Z' }),
      trustedCa({
        id: 'at its limits',
        'not-before': '2026-06-01T00:00:00Z',
        'not-after': '2026-06-01T00:00:00Z',
      }),
    ],
  };
  const told = { 'subject-dn': 'CN=ca,O=Acme', 'public-key': 'a2V5', algorithm: 'EC' };
  expect(tenantObject({ id: 'acme', content }, clock.now())['trusted-ca']).toEqual([
    {
      ...told,
      id: 'ca-1',
      'subject-dn-bytes': 'ZG4=',
      'auth-id-template': '{{subject-cn}}',
      'auto-provisioning-enabled': true,
      'ocsp-revocation-enabled': true,
    },
    { ...told, id: 'at its limits', 'auto-provisioning-enabled': false },
  ]);
});

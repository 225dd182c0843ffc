import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { illFormedUtf8 } from '@rollcall/conformance/hostile';
import { deviceRef, type TenantId } from '@rollcall/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBed, type RegistryBed } from './testing/registry-bed.ts';
import type { Reaction } from './testing/scripted-services.ts';
import { StoredRegistry } from './testing/stored-registry.ts';

const acme = 'acme' as TenantId;
const device = deviceRef('acme', 'd1');
const secret = 'top-secret';
const manyOf = (each: object): readonly object[] => Array.from({ length: 1_001 }, () => each);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const authority = createCertificateAuthority('CN=ca,O=acme');
const anchor = { 'subject-dn': 'CN=ca,O=acme', 'public-key': base64(authority.publicKey) };

let bed: RegistryBed;

beforeEach(async () => {
  const stored = new StoredRegistry();
  stored.putTenant('acme', { 'trusted-ca': [anchor] });
  stored.putDevice('acme', 'd1');
  bed = await openBed({ stored, tenantRules: [{ reason: 'too long for the network', maxBytes: 10 }] });
});
afterEach(() => bed.close());

const unusable = { status: 'unavailable', cause: expect.any(Error), onlyThis: true };
const answered = (body: unknown, cacheControl = 'max-age = 100'): Reaction => ({
  status: 200,
  body,
  cacheControl,
});

describe('an invalid answer makes that question unavailable, and none of its content is kept or logged:', () => {
  const bodies: readonly (readonly [string, unknown])[] = [
    ['no body', undefined],
    ['no JSON', `{"${secret}`],
    ['a text', JSON.stringify(secret)],
    ['a number', '1'],
    ['null', 'null'],
    ['a list', '[]'],
    ['an empty object', {}],
    ['a deep one', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['a large one', `"${'x'.repeat(1_100_000)}"`],
  ];
  const ofTenant: readonly (readonly [string, unknown])[] = [
    ['a tenant whose id is a number', { 'tenant-id': 7 }],
    ['a tenant without an id', { enabled: true, comment: secret }],
    ['a tenant with a slash', { 'tenant-id': 'ac/me' }],
    ['a tenant that cannot be shown', { 'tenant-id': 'ac\u0000me' }],
    ['a tenant that is enabled in words', { 'tenant-id': 'acme', enabled: secret }],
    ['a tenant with adapters that are none', { 'tenant-id': 'acme', adapters: [{ type: 1 }] }],
    [
      'a tenant with limits in words',
      { 'tenant-id': 'acme', 'resource-limits': { 'max-connections': secret } },
    ],
    ['a tenant with a thousand and one authorities', { 'tenant-id': 'acme', 'trusted-ca': manyOf({}) }],
  ];
  test.each([...bodies, ...ofTenant])('%s, of a tenant', async (_what, body) => {
    const { registry, services, log } = bed;
    services.react = () => answered(body);
    expect(await registry.getTenant('acme')).toEqual(unusable);
    services.react = () => undefined;
    expect((await registry.getTenant('acme')).status, 'the next one is right').toBe('found');
    const lines = log.lines.filter(({ level }) => level === 'warn');
    expect(lines.map(({ message }) => message)).toEqual(['device registry: an answer cannot be used']);
    expect(JSON.stringify(log.lines)).not.toContain(secret);
  });

  const ofDevice: readonly (readonly [string, unknown])[] = [
    ['another device', { 'device-id': 'd2' }],
    ['a device without an id', { via: [] }],
    ['a device that is a list', { 'device-id': ['d1'] }],
  ];
  test.each([...bodies, ...ofDevice])('%s, of a device', async (_what, body) => {
    const { registry, services } = bed;
    services.react = () => answered(body);
    expect(await registry.assertRegistration(device)).toEqual(unusable);
    services.react = () => undefined;
    expect((await registry.assertRegistration(device)).status).toBe('found');
  });

  const credentials = { 'device-id': 'd1', type: 'hashed-password', 'auth-id': 'a1', secrets: [] };
  const ofCredentials: readonly (readonly [string, unknown])[] = [
    ['those of another auth-id', { ...credentials, 'auth-id': 'a2' }],
    ['those of another type', { ...credentials, type: 'psk' }],
    ['those of nobody', { ...credentials, 'device-id': undefined }],
    ['those of a device that cannot be shown', { ...credentials, 'device-id': '\u202e' }],
    ['those without secrets', { ...credentials, secrets: undefined }],
    ['those with a thousand and one secrets', { ...credentials, secrets: manyOf({}) }],
  ];
  test.each([...bodies, ...ofCredentials])('%s, of credentials', async (_what, body) => {
    const { registry, services } = bed;
    services.react = () => answered(body);
    const query = { tenant: acme, type: 'hashed-password', authId: 'a1' } as const;
    expect(await registry.getCredentials(query)).toEqual(unusable);
    services.react = () => answered(credentials);
    expect((await registry.getCredentials(query)).status).toBe('found');
  });

  test('a text that is not UTF-8', async () => {
    const { registry, services } = bed;
    for (const bytes of Object.values(illFormedUtf8)) {
      const text = Buffer.concat([Buffer.from('{"tenant-id":"'), Buffer.from(bytes), Buffer.from('"}')]);
      services.react = () => ({ status: 200, raw: text });
      expect(await registry.getTenant('acme')).toEqual(unusable);
    }
  });
});

test.each([undefined, 99, 600, 200.5, 'ok', true])('an answer with status %j is invalid', async (status) => {
  const { registry, services } = bed;
  services.react = () => ({ status: 200, rawStatus: status, body: { 'tenant-id': 'acme' } });
  expect(await registry.getTenant('acme')).toEqual(unusable);
});

test('names that no registry can have are not asked for', async () => {
  const { registry, services } = bed;
  const names = ['', '\u0000', '\u202e', 'x'.repeat(257)];
  for (const name of names) {
    const bad = deviceRef('acme', name);
    expect(await registry.getTenantByName(name)).toEqual({ status: 'not-found' });
    expect(await registry.getTenantByTrustAnchor(name)).toEqual({ status: 'not-found' });
    expect(await registry.assertRegistration(bad)).toEqual({ status: 'not-found' });
    expect(await registry.assertRegistration(device, bad.device)).toEqual({ status: 'not-authorized' });
    for (const query of [
      { tenant: acme, authId: name },
      { tenant: name as TenantId, authId: 'a1' },
    ])
      expect(await registry.getCredentials({ ...query, type: 'psk' })).toEqual({ status: 'not-found' });
  }
  expect(await registry.getTenant('a/b')).toEqual({ status: 'not-found' });
  expect(services.heard).toEqual([]);
});

test('a tenant that the messaging network cannot carry is not found, and the log says why', async () => {
  const { registry, services, log } = bed;
  services.stored.putTenant('a-long-name-of-a-tenant');
  expect(await registry.getTenant('a-long-name-of-a-tenant')).toEqual(unusable);
  expect(log.lines.at(-1)).toMatchObject({
    level: 'warn',
    message: 'device registry: a tenant cannot be used',
    facts: { reason: 'too long for the network' },
  });
});

test('an authority that cannot be used, or asks for OCSP, is not trusted; the others of the tenant are', async () => {
  const { registry, services, log } = bed;
  const ocsp = { ...anchor, 'ocsp-revocation-enabled': true };
  const broken = { 'subject-dn': 'CN=x', 'public-key': 'AAAA' };
  services.stored.putTenant('acme', {
    'trusted-ca': [ocsp, broken, 'x', { ...anchor, id: 'a', 'of-others': 1 }],
  });
  const answer = await registry.getTenant('acme');
  expect(answer).toMatchObject({ value: { trustAnchors: [{ subjectDn: 'CN=ca,O=acme' }] } });
  expect(answer.status === 'found' && answer.value.trustAnchors).toHaveLength(1);
  expect(log.lines.at(-1)).toMatchObject({
    message: 'device registry: authorities of a tenant cannot be used, and are not trusted',
    facts: { tenant: 'acme', problems: expect.arrayContaining(['OCSP is not supported']) },
  });
});

test('the answer says whether the registry registers the devices of an authority', async () => {
  const { registry, services } = bed;
  const asked: unknown[] = [];
  for (const enabled of [true, false, undefined, 'yes']) {
    services.stored.putTenant(`t${asked.length}`, {
      'trusted-ca': [{ ...anchor, 'auto-provisioning-enabled': enabled }],
    });
    const answer = await registry.getTenant(`t${asked.length}`);
    asked.push(answer.status === 'found' && answer.value.trustAnchors?.map((each) => each.registersDevices));
  }
  // Where it is no answer, the authority is not trusted.
  expect(asked).toEqual([[true], [undefined], [undefined], undefined]);
});

test('secrets that are disabled or cannot be used are left out, and others are used', async () => {
  const { registry, services } = bed;
  const dated = { 'not-after': '2026-06-01T00:00:00+02:00', id: '1' };
  const put = (type: string, ...secrets: object[]): void =>
    services.stored.putCredentials('acme', 'd1', { type, 'auth-id': 'a1', secrets });
  const get = async (type: 'hashed-password' | 'psk') => {
    const answer = await registry.getCredentials({ tenant: acme, type, authId: 'a1' });
    return answer.status === 'found' ? answer.value.secrets : answer.status;
  };
  put(
    'hashed-password',
    { id: 'without a hash' },
    { 'pwd-hash': 'AAAA', enabled: false },
    { 'pwd-hash': 'AAAA', 'not-before': 'tomorrow' },
    { 'pwd-hash': '$2a$10$x', 'hash-function': 'bcrypt', comment: 'any', 'of-others': 1, ...dated },
    { 'pwd-hash': 'BBBB', 'hash-function': 'made-up', salt: null },
  );
  expect(await get('hashed-password')).toEqual([
    { id: '1', notAfter: Date.parse('2026-05-31T22:00:00Z'), hashFunction: 'bcrypt', pwdHash: '$2a$10$x' },
    { hashFunction: 'bcrypt', pwdHash: 'BBBB' },
  ]);
  put('psk', { key: 'AQID' }, { key: '' }, { key: 7 }, { key: base64(new Uint8Array(513)) });
  expect(await get('psk')).toEqual([{ key: Uint8Array.of(1, 2, 3) }]);
});

test('declarations of a tenant and a device are read, and wrong ones are ignored', async () => {
  const { registry, services } = bed;
  services.stored.putTenant('acme', {
    defaults: { ttl: 5, nested: { a: 1 }, 'a\u0000b': 1, text: 'a\u0000' },
    adapters: [
      { type: 'hono-mqtt', enabled: true, 'device-authentication-required': true },
      { type: 'hono-http' },
    ],
    'resource-limits': { 'max-connections': 7, 'max-ttl': -1, 'data-volume': {} },
    ext: { 'presence-interval': 60, 'presence-probe': 'yes', 'messaging-type': 'amqp' },
    'minimum-message-size': 5,
    tracing: null,
  });
  services.stored.putDevice('acme', 'd1', {
    content: {
      defaults: { site: 'north' },
      ext: { 'max-connections-per-device': 2 },
      'downstream-message-mapper': 'm',
    },
  });
  expect(await registry.getTenant('acme')).toEqual({
    status: 'found',
    value: {
      id: 'acme',
      enabled: true,
      defaults: { ttl: 5 },
      adapters: [
        { type: 'hono-mqtt', enabled: true, ext: {} },
        { type: 'hono-http', enabled: false, ext: {} },
      ],
      limits: { maxConnections: 7 },
      presenceIntervalSeconds: 60,
    },
  });
  expect(await registry.assertRegistration(device)).toEqual({
    status: 'found',
    value: { device, defaults: { site: 'north' }, maxConnectionsPerDevice: 2 },
  });
});

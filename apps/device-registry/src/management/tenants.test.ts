import { createCertificateAuthority, withKeyOffCurve, withNoDate } from '@rollcall/conformance/certificates';
import { describe, expect, test } from 'vitest';
import { givenApi } from '../testing/given-api.ts';
import { acme, authority, cert, fault } from '../testing/tenant-facts.ts';

const ofCa = { cert };

describe('a tenant is created', () => {
  test.each<[string, object | string | undefined, Record<string, string>]>([
    ['with what is said of it', { enabled: false, ext: { brand: 'x' } }, {}],
    ['with an empty object', {}, {}],
    ['without a body', undefined, {}],
    ['without a body, with a type of it', undefined, { 'content-type': 'application/json' }],
    ['with a charset', '{"enabled":true}', { 'content-type': 'application/json; charset=utf-8' }],
  ])('%s', async (_what, body, headers) => {
    const { ask } = await givenApi();
    const created = await ask('POST', acme, body, headers);
    expect([created.status, created.json, created.headers['location']]).toEqual([201, { id: 'acme' }, acme]);
    expect(created.etag).toMatch(/^[0-9a-f-]{36}$/);
    const read = await ask('GET', acme);
    expect([read.status, read.etag]).toEqual([200, created.etag]);
    expect(read.json).toEqual(typeof body === 'object' ? body : body === undefined ? {} : JSON.parse(body));
    expect(read.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test('with a generated id if none is given', async () => {
    const { ask } = await givenApi();
    const { status, json, headers } = await ask('POST', '/v1/tenants');
    const { id } = json as { readonly id: string };
    expect([status, headers['location']]).toEqual([201, `/v1/tenants/${id}`]);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await ask('GET', `/v1/tenants/${id}`)).status).toBe(200);
  });

  test.each(['/v1/tenants/', '/v1/tenants/acme/'])('also at %s, with a slash at the end', async (path) => {
    const { ask } = await givenApi();
    expect((await ask('POST', path)).status).toBe(201);
  });

  test("with a limit under the name that Hono's own classes give it beside its own", async () => {
    const { ask } = await givenApi();
    await ask('POST', acme, { 'resource-limits': { maxTtlTelemetryQoS0: 10, 'max-ttl-telemetry-qos0': 10 } });
    expect((await ask('GET', acme)).json).toEqual({ 'resource-limits': { 'max-ttl-telemetry-qos0': 10 } });
  });

  test('with every member that Hono has, and is read back unchanged', async () => {
    const { ask } = await givenApi({ maxBodyBytes: 10_000 });
    const all = {
      enabled: true,
      alias: 'a-1',
      adapters: [
        { type: 'hono-mqtt', enabled: true, 'device-authentication-required': false, ext: { a: 1 } },
        { type: 'hono-http' },
      ],
      defaults: { ttl: 30 },
      ext: { 'messaging-type': 'amqp', nested: { list: [1, null, 'x'] } },
      'minimum-message-size': 0,
      'registration-limits': { 'max-devices': -1, 'max-credentials-per-device': 3 },
      'resource-limits': {
        'max-connections': 10,
        'max-ttl': -1,
        'max-ttl-telemetry-qos0': 1,
        'max-ttl-telemetry-qos1': 2,
        'max-ttl-command-response': 3,
        'data-volume': {
          'effective-since': '2026-01-01T00:00:00Z',
          'max-bytes': 1,
          period: { mode: 'days', 'no-of-days': 0 },
        },
        'connection-duration': {
          'effective-since': '2026-01-01T00:00:00Z',
          'max-minutes': -1,
          period: { mode: 'monthly' },
        },
        ext: {},
      },
      tracing: { 'sampling-mode': 'all', 'sampling-mode-per-auth-id': { 'sensor-1': 'none' } },
      'trust-anchor-group': 'g',
      'trusted-ca': [],
    };
    expect((await ask('POST', acme, all)).status).toBe(201);
    expect((await ask('GET', acme)).json).toEqual(all);
  });

  test('with words in any case, and times with any offset', async () => {
    const { ask } = await givenApi();
    await ask('POST', acme, {
      tracing: { 'sampling-mode': 'NONE' },
      'resource-limits': { 'data-volume': { 'effective-since': '2026-01-01T01:00:00.5+02:00' } },
    });
    expect((await ask('GET', acme)).json).toEqual({
      tracing: { 'sampling-mode': 'none' },
      'resource-limits': { 'data-volume': { 'effective-since': '2025-12-31T23:00:00Z' } },
    });
  });
});

describe('authorities', () => {
  test('keep their ids, or get one; a certificate is read but not returned', async () => {
    const { ask } = await givenApi({ maxBodyBytes: 10_000 });
    const other = createCertificateAuthority('CN=other');
    const publicKey = Buffer.from(other.publicKey).toString('base64');
    const said = {
      'subject-dn': ' cn = other',
      'public-key': publicKey,
      algorithm: 'ec',
      'not-before': '2026-01-01T00:00:00+00:00',
      'not-after': '2027-01-01T00:00:00Z',
      'auth-id-template': 'auth-{{subject-cn}}',
      'auto-provisioning-enabled': true,
      'auto-provisioning-device-id-template': '{{subject-cn}}',
    };
    expect((await ask('POST', acme, { 'trusted-ca': [{ id: 'mine', cert }, said] })).status).toBe(201);
    const { json } = await ask('GET', acme);
    expect(json).toEqual({
      'trusted-ca': [
        {
          id: 'mine',
          'subject-dn': 'CN=ca,O=Acme',
          'public-key': Buffer.from(authority.publicKey).toString('base64'),
          algorithm: 'EC',
          'not-before': '2020-01-01T00:00:00Z',
          'not-after': '2120-01-01T00:00:00Z',
        },
        {
          ...said,
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          'subject-dn': 'CN=other',
          'not-before': '2026-01-01T00:00:00Z',
        },
      ],
    });
    const put = await ask('PUT', acme, { 'trusted-ca': [{ id: 'mine', cert }, ofCa] });
    expect(put.status).toBe(204);
  });

  test('take the OCSP responder from the certificate unless one is given', async () => {
    const { ask } = await givenApi({ maxBodyBytes: 10_000 });
    await ask('POST', acme, { 'trusted-ca': [{ cert, 'ocsp-revocation-enabled': true }] });
    expect((await ask('GET', acme)).json).toMatchObject({
      'trusted-ca': [{ 'ocsp-revocation-enabled': true, 'ocsp-responder-cert': cert }],
    });
  });

  test('are shared only within a group of tenants', async () => {
    const { ask } = await givenApi();
    const grouped = { 'trusted-ca': [ofCa], 'trust-anchor-group': 'g' };
    expect((await ask('POST', acme, grouped)).status).toBe(201);
    expect((await ask('POST', '/v1/tenants/b', grouped)).status).toBe(201);
    const refused = await ask('POST', '/v1/tenants/c', { 'trusted-ca': [ofCa] });
    expect([refused.status, refused.json]).toEqual([409, fault]);
    expect((await ask('POST', '/v1/tenants/c')).status).toBe(201);
    expect((await ask('PUT', '/v1/tenants/c', { 'trusted-ca': [ofCa] })).status).toBe(409);
    expect((await ask('PUT', '/v1/tenants/c', grouped)).status).toBe(204);
  });

  test('can be an empty list in two tenants', async () => {
    const { ask } = await givenApi();
    for (const id of ['a', 'b']) {
      await ask('POST', `/v1/tenants/${id}`);
      expect((await ask('PUT', `/v1/tenants/${id}`, { 'trusted-ca': [] })).status).toBe(204);
    }
  });

  const whole = {
    'subject-dn': 'CN=x',
    'public-key': Buffer.from(authority.publicKey).toString('base64'),
    algorithm: 'EC',
    'not-before': '2026-01-01T00:00:00Z',
    'not-after': '2027-01-01T00:00:00Z',
  };
  test.each<[string, object]>([
    ['no certificate', { cert: 'AAAA' }],
    [
      'a certificate without end',
      { cert: Buffer.from(withNoDate(authority, 'not-after')).toString('base64') },
    ],
    ['a certificate whose key is none', { cert: Buffer.from(withKeyOffCurve(authority)).toString('base64') }],
    ['no Base64', { cert: 'ä' }],
    ['a name without a key', { 'subject-dn': 'CN=x' }],
    ['a key that is none', { ...whole, 'public-key': 'AAAA' }],
    ['a key of another algorithm', { ...whole, algorithm: 'RSA' }],
    ['a key without a name', { ...whole, 'subject-dn': undefined }],
    ['a name that cannot be read', { ...whole, 'subject-dn': 'no name' }],
    ['no end', { ...whole, 'not-after': undefined }],
    ['a time without offset', { ...whole, 'not-after': '2027-01-01T00:00:00' }],
    ['a template without placeholder', { ...whole, 'auth-id-template': 'x' }],
    ['a template with an unknown placeholder', { ...whole, 'auth-id-template': '{{subject-cn}}{{x}}' }],
    ['a template without end', { ...whole, 'auth-id-template': `{{subject-cn}}${'{'.repeat(1_011)}` }],
    ['OCSP without a certificate', { ...whole, 'ocsp-revocation-enabled': true }],
    ['what is unknown', { ...whole, unknown: 1 }],
  ])('with %s is refused', async (_what, ca) => {
    const { ask } = await givenApi();
    const { status, json } = await ask('POST', acme, { 'trusted-ca': [ca] });
    expect([status, json]).toEqual([400, fault]);
  });
});

describe('a tenant is replaced', () => {
  test('completely, with a new version', async () => {
    const { ask } = await givenApi();
    const { etag } = await ask('POST', acme, { alias: 'a', ext: { x: 1 } });
    const put = await ask('PUT', acme, { enabled: false });
    expect([put.status, put.text]).toEqual([204, '']);
    expect(put.etag).not.toBe(etag);
    const read = await ask('GET', acme);
    expect([read.json, read.etag]).toEqual([{ enabled: false }, put.etag]);
  });

  test('only if it exists, and only by a request with a body', async () => {
    const { ask } = await givenApi();
    expect((await ask('PUT', acme, {})).status).toBe(404);
    await ask('POST', acme);
    const empty = await ask('PUT', acme, undefined, { 'content-type': 'application/json' });
    expect([empty.status, empty.json]).toEqual([400, fault]);
  });

  test.each<[string, (version: string) => string, number]>([
    ['as it was given', (version) => version, 204],
    ['in quotation marks', (version) => `"${version}"`, 204],
    ['any', () => '*', 204],
    ['a list that has it', (version) => `"x", "${version}"`, 204],
    ['another', () => 'x', 412],
    ['a weak one', (version) => `W/"${version}"`, 412],
    ['nothing', () => '', 412],
  ])('if its version matches: %s', async (_what, wanted, status) => {
    const { ask } = await givenApi();
    const { etag } = await ask('POST', acme);
    const headers = { 'if-match': wanted(etag) };
    expect((await ask('PUT', acme, {}, headers)).status).toBe(status);
    const { etag: now } = await ask('GET', acme);
    const removed = await ask('DELETE', acme, undefined, { 'if-match': wanted(now) });
    expect(removed.status).toBe(status);
    if (status === 412) expect(removed.json).toEqual({ error: 'resource version mismatch' });
  });
});

test('the devices and credentials of a deleted tenant cannot be read', async () => {
  const { ask } = await givenApi();
  await ask('POST', acme);
  await ask('POST', '/v1/devices/acme/d');
  const removed = await ask('DELETE', acme);
  expect([removed.status, removed.text, removed.headers['etag']]).toEqual([204, '', undefined]);
  for (const path of [acme, '/v1/devices/acme/d', '/v1/credentials/acme/d', '/v1/devices/acme'])
    expect([path, (await ask('GET', path)).status]).toEqual([path, 404]);
  expect((await ask('DELETE', acme)).status).toBe(404);
});

import { createCertificateAuthority, withKeyOffCurve, withNoDate } from '@rollcall/conformance/certificates';
import { describe, expect, test } from 'vitest';
import { givenApi, type ApiUnderTest } from '../testing/given-api.ts';

const fault = { error: expect.any(String) };
const path = '/v1/credentials/acme/d';
const anyId = expect.stringMatching(/^[0-9a-f-]{36}$/);
const authority = createCertificateAuthority('CN=ca,O=Acme');
const issued = authority.issue({
  subject: 'CN=device-1,O=Acme',
  notBefore: Date.UTC(2026, 0),
  notAfter: Date.UTC(2030, 0),
});
const cert = Buffer.from(issued.der).toString('base64');
const withoutDate = (which: 'not-before' | 'not-after'): string =>
  Buffer.from(withNoDate(issued, which)).toString('base64');
const offCurveCert = Buffer.from(withKeyOffCurve(issued)).toString('base64');
const key = Buffer.from(issued.publicKey).toString('base64');
const bcrypt4 = '$2a$04$abcdefghijklmnopqrstuuZb0mPy2fTm9zgmF9fvOD0kZbhPqvK2C';

async function givenDevice(content: object = {}): Promise<ApiUnderTest> {
  const api = await givenApi({ maxBodyBytes: 10_000 });
  await api.ask('POST', '/v1/tenants/acme', content);
  await api.ask('POST', '/v1/devices/acme/d');
  return api;
}

const password = (...secrets: readonly object[]) => ({ type: 'hashed-password', 'auth-id': 'user', secrets });
const hashed = { 'hash-function': 'sha-256', 'pwd-hash': 'AAAA', salt: 'BBBB' };

async function storedOf({ store }: ApiUnderTest, type = 'hashed-password', authId = 'user') {
  return (await store.credentialsBy('acme', type, authId)).found?.credentials;
}

describe('credentials are stored', () => {
  test('for each type, and are read without secrets but with their ids', async () => {
    const api = await givenDevice();
    const { etag } = await api.ask('GET', path);
    const period = { 'not-before': '2026-01-01T00:00:00Z', 'not-after': '2027-01-01T00:00:00Z' };
    const put = await api.ask('PUT', path, [
      {
        ...password({ 'pwd-plain': 'secret', comment: 'c', ...period }, hashed),
        ext: { a: 1 },
        comment: 'of it',
        enabled: false,
      },
      { type: 'psk', 'auth-id': 'client', secrets: [{ key: 'AAEC' }] },
      { type: 'rpk', 'auth-id': 'signer', secrets: [{ key, algorithm: 'EC' }] },
      { type: 'x509-cert', 'auth-id': 'emailAddress=a@b.c, CN=device-2', secrets: [{}] },
      { type: 'custom', 'auth-id': 'any thing', secrets: [{ token: 'shown', enabled: false }] },
    ]);
    expect([put.status, put.text]).toEqual([204, '']);
    expect(put.etag).not.toBe(etag);
    const read = await api.ask('GET', path);
    expect([read.status, read.etag]).toEqual([200, put.etag]);
    expect(read.json).toEqual([
      {
        ...password({ id: anyId, comment: 'c', ...period }, { id: anyId }),
        ext: { a: 1 },
        comment: 'of it',
        enabled: false,
      },
      { type: 'psk', 'auth-id': 'client', secrets: [{ id: anyId }] },
      { type: 'rpk', 'auth-id': 'signer', secrets: [{ id: anyId, key, algorithm: 'EC' }] },
      {
        type: 'x509-cert',
        'auth-id': '1.2.840.113549.1.9.1=#16056140622e63,CN=device-2',
        secrets: [{ id: anyId }],
      },
      { type: 'custom', 'auth-id': 'any thing', secrets: [{ id: anyId, token: 'shown', enabled: false }] },
    ]);
    expect((await storedOf(api))?.secrets).toMatchObject([
      { 'hash-function': 'bcrypt', 'pwd-hash': 'hash of secret, 4' },
      hashed,
    ]);
    expect((await storedOf(api, 'psk', 'client'))?.secrets).toMatchObject([{ key: 'AAEC' }]);
  });

  test('from a certificate, which itself is not stored', async () => {
    const api = await givenDevice();
    const wanted = [
      { type: 'x509-cert', cert, 'auth-id': 'is ignored', secrets: [{ comment: 'too' }] },
      { type: 'rpk', 'auth-id': 'signer', secrets: [{ cert }] },
    ];
    expect((await api.ask('PUT', path, wanted)).status).toBe(204);
    const period = { 'not-before': '2026-01-01T00:00:00Z', 'not-after': '2030-01-01T00:00:00Z' };
    expect((await api.ask('GET', path)).json).toEqual([
      { type: 'x509-cert', 'auth-id': 'CN=device-1,O=Acme', secrets: [{ id: anyId, ...period }] },
      { type: 'rpk', 'auth-id': 'signer', secrets: [{ id: anyId, key, algorithm: 'EC', ...period }] },
    ]);
  });

  test('as the hash of a password, whatever hash is sent with it', async () => {
    const api = await givenDevice();
    await api.ask('PUT', path, [password({ 'pwd-plain': 'p', ...hashed })]);
    expect((await storedOf(api))?.secrets).toEqual([
      { id: anyId, 'hash-function': 'bcrypt', 'pwd-hash': 'hash of p, 4' },
    ]);
    expect(
      (await api.ask('PUT', path, [password({ 'hash-function': 'bcrypt', 'pwd-hash': bcrypt4 })])).status,
    ).toBe(204);
    expect((await api.ask('PUT', path, [])).status).toBe(204);
    expect((await api.ask('GET', path)).json).toEqual([]);
  });
});

describe('credentials are refused', () => {
  const secrets = [{ 'pwd-plain': 'p' }];
  test.each<[string, object]>([
    ['no list', {}],
    ['what is no object', ['x']],
    ['no type', [{ 'auth-id': 'a', secrets }]],
    ['a type in capitals', [{ type: 'Custom', 'auth-id': 'a', secrets }]],
    ['no auth-id', [{ type: 'hashed-password', secrets }]],
    ['an auth-id with a number sign', [{ type: 'hashed-password', 'auth-id': '#illegal', secrets }]],
    ['an empty auth-id', [{ type: 'psk', 'auth-id': '', secrets: [{ key: 'AAAA' }] }]],
    ['no secrets', [{ type: 'hashed-password', 'auth-id': 'a' }]],
    ['an empty list of secrets', [password()]],
    ['an unknown member', [{ ...password(...secrets), unknown: 1 }]],
    ['an unknown member of a secret', [password({ 'pwd-plain': 'p', unknown: 1 })]],
    ['a password without a hash', [password({ comment: 'none' })]],
    ['a hash without its function', [password({ 'pwd-hash': 'AAAA' })]],
    [
      'an expensive bcrypt',
      [password({ 'hash-function': 'bcrypt', 'pwd-hash': bcrypt4.replace('$04', '$05') })],
    ],
    ['another bcrypt', [password({ 'hash-function': 'bcrypt', 'pwd-hash': bcrypt4.replace('$2a', '$2b') })]],
    ['a bcrypt that is none', [password({ 'hash-function': 'bcrypt', 'pwd-hash': '$2a$04$' })]],
    ['an empty password', [password({ 'pwd-plain': '' })]],
    ['a password of which bcrypt would leave out the end', [password({ 'pwd-plain': 'ä'.repeat(37) })]],
    ['a salt that is no Base64', [password({ ...hashed, salt: '?' })]],
    [
      'an end before the beginning',
      [
        password({
          'pwd-plain': 'p',
          'not-before': '2027-01-01T00:00:00Z',
          'not-after': '2026-01-01T00:00:00Z',
        }),
      ],
    ],
    ['a key that is empty', [{ type: 'psk', 'auth-id': 'a', secrets: [{ key: '' }] }]],
    ['no key', [{ type: 'psk', 'auth-id': 'a', secrets: [{}] }]],
    [
      'a public key that is none',
      [{ type: 'rpk', 'auth-id': 'a', secrets: [{ key: 'AAAA', algorithm: 'EC' }] }],
    ],
    [
      'a public key of another algorithm',
      [{ type: 'rpk', 'auth-id': 'a', secrets: [{ key, algorithm: 'RSA' }] }],
    ],
    ['a public key of no algorithm', [{ type: 'rpk', 'auth-id': 'a', secrets: [{ key }] }]],
    ['a certificate that is none', [{ type: 'rpk', 'auth-id': 'a', secrets: [{ cert: 'AAAA' }] }]],
    ['a certificate whose key is none', [{ type: 'rpk', 'auth-id': 'a', secrets: [{ cert: offCurveCert }] }]],
    ['a certificate without beginning', [{ type: 'x509-cert', cert: withoutDate('not-before') }]],
    [
      'a certificate without end',
      [{ type: 'rpk', 'auth-id': 'a', secrets: [{ cert: withoutDate('not-after') }] }],
    ],
    ['another certificate that is none', [{ type: 'x509-cert', cert: 'AAAA' }]],
    ['two secrets of a certificate', [{ type: 'x509-cert', 'auth-id': 'CN=a', secrets: [{}, {}] }]],
    ['the same twice', [password(...secrets), password(...secrets)]],
    ['a secret with an id, where there are none', [password({ id: 'x', 'pwd-plain': 'p' })]],
    ['ids twice', [password({ id: 'x', 'pwd-plain': 'p' }, { id: 'x', 'pwd-plain': 'q' })]],
  ])('with %s', async (_what, wanted) => {
    const { ask } = await givenDevice();
    const { status, json } = await ask('PUT', path, wanted);
    expect([status, json]).toEqual([400, fault]);
    expect((await ask('GET', path)).json).toEqual([]);
  });

  test('without a body, of another type, or with too many bytes', async () => {
    const { ask } = await givenDevice();
    expect((await ask('PUT', path)).status).toBe(400);
    expect((await ask('PUT', path, '[]')).status).toBe(400);
    expect((await ask('PUT', path, '[]', { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await ask('PUT', path, [{ comment: 'x'.repeat(20_000) }])).status).toBe(413);
  });

  test('if the tenant or device does not exist, or the version differs', async () => {
    const { ask } = await givenDevice();
    for (const none of ['/v1/credentials/nobody/d', '/v1/credentials/acme/e'])
      for (const method of ['GET', 'PUT'] as const) {
        const { status, json } = await ask(method, none, method === 'PUT' ? [] : undefined);
        expect([status, json]).toEqual([404, fault]);
      }
    expect((await ask('PUT', path, [], { 'if-match': 'x' })).status).toBe(412);
  });

  test('if another device has them, or the limit of the tenant is reached', async () => {
    const { ask } = await givenDevice({ 'registration-limits': { 'max-credentials-per-device': 1 } });
    await ask('POST', '/v1/devices/acme/e');
    await ask('PUT', path, [password({ 'pwd-plain': 'p' })]);
    const taken = await ask('PUT', '/v1/credentials/acme/e', [password({ 'pwd-plain': 'p' })]);
    expect([taken.status, taken.json]).toEqual([409, fault]);
    const other = { ...password({ 'pwd-plain': 'p' }), 'auth-id': 'other' };
    expect((await ask('PUT', path, [password({ 'pwd-plain': 'p' }), other])).status).toBe(403);
  });
});

describe('secrets are replaced by their ids', () => {
  async function givenStored(...credentials: readonly object[]) {
    const api = await givenDevice();
    await api.ask('PUT', path, [...credentials]);
    const { json, etag } = await api.ask('GET', path);
    const ids = (json as { readonly secrets: readonly { readonly id: string }[] }[]).map(
      ({ secrets: [first] }) => first?.id ?? '',
    );
    return { ...api, api, etag, ids };
  }

  test('which keeps the hash and replaces other members; a secret without an id is new', async () => {
    const { ask, api, etag, ids } = await givenStored(
      password({ ...hashed, comment: 'old', enabled: false }),
    );
    const wanted = [password({ id: ids[0], 'not-after': '2030-01-01T00:00:00Z' }, { 'pwd-plain': 'new' })];
    const put = await ask('PUT', path, wanted, { 'if-match': etag });
    expect(put.status).toBe(204);
    expect(put.etag).not.toBe(etag);
    expect((await storedOf(api))?.secrets).toEqual([
      { id: ids[0], ...hashed, 'not-after': '2030-01-01T00:00:00Z' },
      { id: anyId, 'hash-function': 'bcrypt', 'pwd-hash': 'hash of new, 4' },
    ]);
  });

  test('and a new hash or password replaces the stored one', async () => {
    const { ask, api, ids } = await givenStored(password(hashed));
    await ask('PUT', path, [password({ id: ids[0], 'pwd-plain': 'new' })]);
    expect((await storedOf(api))?.secrets).toEqual([
      { id: ids[0], 'hash-function': 'bcrypt', 'pwd-hash': 'hash of new, 4' },
    ]);
    await ask('PUT', path, [password({ id: ids[0], 'hash-function': 'sha-512', 'pwd-hash': 'CCCC' })]);
    expect((await storedOf(api))?.secrets).toEqual([
      { id: ids[0], 'hash-function': 'sha-512', 'pwd-hash': 'CCCC' },
    ]);
  });

  test('which keeps keys, and the members of generic credentials', async () => {
    const { ask, api, ids } = await givenStored(
      { type: 'psk', 'auth-id': 'a', secrets: [{ key: 'AAEC' }] },
      { type: 'rpk', 'auth-id': 'a', secrets: [{ key, algorithm: 'EC' }] },
      { type: 'custom', 'auth-id': 'a', secrets: [{ token: 't', list: [1] }] },
    );
    const wanted = ['psk', 'rpk', 'custom'].map((type, index) => ({
      type,
      'auth-id': 'a',
      secrets: [{ id: ids[index], comment: 'c' }],
    }));
    expect((await ask('PUT', path, wanted)).status).toBe(204);
    expect((await storedOf(api, 'psk', 'a'))?.secrets).toEqual([{ id: ids[0], key: 'AAEC', comment: 'c' }]);
    expect((await storedOf(api, 'rpk', 'a'))?.secrets).toEqual([
      { id: ids[1], key, algorithm: 'EC', comment: 'c' },
    ]);
    expect((await storedOf(api, 'custom', 'a'))?.secrets).toEqual([
      { id: ids[2], token: 't', list: [1], comment: 'c' },
    ]);
    await ask('PUT', path, [{ type: 'custom', 'auth-id': 'a', secrets: [{ id: ids[2], other: 1 }] }]);
    expect((await storedOf(api, 'custom', 'a'))?.secrets).toEqual([{ id: ids[2], other: 1 }]);
  });

  test('an unknown id is refused, but new credentials may have ids if they are complete', async () => {
    const { ask, api } = await givenStored(password(hashed));
    expect((await ask('PUT', path, [password({ id: 'x', 'pwd-plain': 'p' })])).status).toBe(400);
    const fresh = (secret: object) => [{ ...password(secret), 'auth-id': 'other' }];
    expect((await ask('PUT', path, fresh({ id: 'x' }))).status).toBe(400);
    expect((await ask('PUT', path, fresh({ id: 'x', ...hashed }))).status).toBe(204);
    expect((await storedOf(api, 'hashed-password', 'other'))?.secrets).toEqual([{ id: 'x', ...hashed }]);
  });

  test('no secret is lost while several clients write the same set', async () => {
    const { ask, api, ids } = await givenStored(password(hashed));
    const original = api.store.credentialsOf.bind(api.store);
    let isFirst = true;
    api.store.credentialsOf = async (...asked) => {
      const read = await original(...asked);
      if (!isFirst) return read;
      isFirst = false;
      await ask('PUT', path, [password({ id: ids[0], comment: 'between' }, { 'pwd-plain': 'p' })]);
      return read;
    };
    expect((await ask('PUT', path, [password({ id: ids[0], comment: 'last' })])).status).toBe(204);
    expect((await storedOf(api))?.secrets).toEqual([{ id: ids[0], ...hashed, comment: 'last' }]);
  });
});

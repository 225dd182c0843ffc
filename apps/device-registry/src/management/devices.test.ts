import { describe, expect, test } from 'vitest';
import { givenApi, type ApiUnderTest } from '../testing/given-api.ts';

const fault = { error: expect.any(String) };
const path = '/v1/devices/acme/thermostat-7';

async function givenTenant(content: object = {}): Promise<ApiUnderTest> {
  const api = await givenApi();
  await api.ask('POST', '/v1/tenants/acme', content);
  return api;
}

describe('a device is created', () => {
  test.each<[string, object | undefined, Record<string, string>]>([
    ['with what is said of it', { enabled: false, ext: { brand: 'x' }, via: ['gw'] }, {}],
    ['without a body', undefined, {}],
    ['without a body, with a type of it', undefined, { 'content-type': 'application/json' }],
  ])('%s', async (_what, body, headers) => {
    const { ask } = await givenTenant();
    const created = await ask('POST', path, body, headers);
    expect([created.status, created.json, created.headers['location']]).toEqual([
      201,
      { id: 'thermostat-7' },
      path,
    ]);
    const read = await ask('GET', path);
    expect([read.status, read.etag]).toEqual([200, created.etag]);
    expect(read.json).toEqual({ ...body, status: { created: '2026-11-29T12:00:00Z' } });
    const credentials = await ask('GET', '/v1/credentials/acme/thermostat-7');
    expect([credentials.status, credentials.json]).toEqual([200, []]);
    expect(credentials.etag).not.toBe('');
  });

  test('with a generated id if none is given', async () => {
    const { ask } = await givenTenant();
    const { status, json, headers } = await ask('POST', '/v1/devices/acme', { enabled: true });
    const { id } = json as { readonly id: string };
    expect([status, headers['location']]).toEqual([201, `/v1/devices/acme/${id}`]);
    expect((await ask('GET', `/v1/devices/acme/${id}`)).status).toBe(200);
  });

  test('with every member that Hono has, single names as lists, and a status that is ignored', async () => {
    const { ask } = await givenTenant();
    const all = {
      enabled: true,
      authorities: ['auto-provisioning-enabled'],
      defaults: { ttl: 5 },
      ext: { a: { b: [] } },
      'downstream-message-mapper': 'down',
      'upstream-message-mapper': 'up',
      'command-endpoint': { uri: 'https://x/{{deviceId}}', headers: { a: 'b' }, 'payload-properties': {} },
    };
    const status = { created: '1999-01-01T00:00:00Z' };
    await ask('POST', path, { ...all, via: 'gw', viaGroups: ['g'], status });
    expect((await ask('GET', path)).json).toEqual({
      ...{ ...all, via: ['gw'], viaGroups: ['g'] },
      status: { created: '2026-11-29T12:00:00Z' },
    });
    await ask('POST', '/v1/devices/acme/gw', { memberOf: 'g' });
    expect((await ask('GET', '/v1/devices/acme/gw')).json).toMatchObject({ memberOf: ['g'] });
  });
});

describe('a device is refused', () => {
  test('if the tenant does not exist, or the device exists', async () => {
    const { ask } = await givenTenant();
    for (const none of ['/v1/devices/nobody', '/v1/devices/nobody/d']) {
      const { status, json } = await ask('POST', none);
      expect([status, json]).toEqual([404, fault]);
    }
    await ask('POST', path);
    const again = await ask('POST', path);
    expect([again.status, again.json]).toEqual([409, fault]);
  });

  test.each<[string, object | string, Record<string, string>]>([
    ['no type', '{}', {}],
    ['another type', '{}', { 'content-type': 'application/xml' }],
    ['a member that is unknown', { unknown: 1 }, {}],
    ['a number as a name', { via: [1] }, {}],
    ['both sides of a gateway', { memberOf: ['g'], via: ['gw'] }, {}],
    ['an endpoint with what is unknown', { 'command-endpoint': { port: 1 } }, {}],
    ['headers that are no text', { 'command-endpoint': { headers: { a: 1 } } }, {}],
    ['a flag that is text', { enabled: 'true' }, {}],
    ['defaults that are a list', { defaults: [] }, {}],
  ])('with %s', async (_what, body, headers) => {
    const { ask } = await givenTenant();
    await ask('POST', '/v1/devices/acme/there');
    const answers = [
      await ask('POST', path, body, headers),
      await ask('PUT', '/v1/devices/acme/there', body, headers),
    ];
    for (const { status, json } of answers) expect([status, json]).toEqual([400, fault]);
  });

  test.each([
    '/v1/devices/acme/a%20b',
    '/v1/devices/acme/%F0%9F%98%80',
    '/v1/devices/a%25/d',
    `/v1/devices/acme/${'x'.repeat(257)}`,
  ])('at %s', async (wrong) => {
    const { ask } = await givenTenant();
    const { status, json } = await ask('POST', wrong);
    expect([status, json]).toEqual([400, fault]);
  });

  test('if its body is too large', async () => {
    const { ask } = await givenTenant();
    await ask('POST', path);
    const large = { ext: { data: 'x'.repeat(3_000) } };
    expect((await ask('POST', '/v1/devices/acme/d', large)).status).toBe(413);
    expect((await ask('PUT', path, large)).status).toBe(413);
  });

  test('if the limit of the tenant is reached', async () => {
    const { ask } = await givenTenant({ 'registration-limits': { 'max-devices': 1 } });
    expect((await ask('POST', path)).status).toBe(201);
    const { status, json } = await ask('POST', '/v1/devices/acme/d');
    expect([status, json]).toEqual([
      403,
      { error: expect.stringContaining('configured device limit reached') },
    ]);
  });
});

describe('a device is replaced', () => {
  test('completely, with a new version and status', async () => {
    const { ask, clock } = await givenTenant();
    const created = await ask('POST', path, { ext: { a: 1 } });
    clock.advance(90_000);
    const put = await ask('PUT', path, { enabled: false }, { 'if-match': created.etag });
    expect([put.status, put.text]).toEqual([204, '']);
    const read = await ask('GET', path);
    expect(read.etag).toBe(put.etag);
    expect(read.etag).not.toBe(created.etag);
    expect(read.json).toEqual({
      enabled: false,
      status: { created: '2026-11-29T12:00:00Z', updated: '2026-11-29T12:01:30Z' },
    });
    expect((await ask('PUT', path, {}, { 'if-match': created.etag })).status).toBe(412);
  });

  test('only if it exists', async () => {
    const { ask } = await givenTenant();
    for (const none of [path, '/v1/devices/nobody/d']) {
      const { status, json } = await ask('PUT', none, {});
      expect([status, json]).toEqual([404, fault]);
    }
    await ask('POST', path);
    expect((await ask('PUT', path)).status).toBe(400);
  });
});

describe('devices are removed', () => {
  test('with their credentials, and successfully even if the tenant was deleted', async () => {
    const { ask } = await givenTenant();
    await ask('POST', path);
    expect((await ask('DELETE', path, undefined, { 'if-match': 'x' })).status).toBe(412);
    const removed = await ask('DELETE', path);
    expect([removed.status, removed.text]).toEqual([204, '']);
    expect((await ask('GET', path)).status).toBe(404);
    expect((await ask('GET', '/v1/credentials/acme/thermostat-7')).status).toBe(404);
    expect((await ask('DELETE', path)).status).toBe(404);
    expect((await ask('DELETE', '/v1/devices/nobody/d')).status).toBe(204);
  });

  test('all devices of a tenant at once', async () => {
    const { ask } = await givenTenant();
    for (const id of ['a', 'b']) await ask('POST', `/v1/devices/acme/${id}`);
    expect((await ask('DELETE', '/v1/devices/acme')).status).toBe(204);
    for (const id of ['a', 'b']) expect((await ask('GET', `/v1/devices/acme/${id}`)).status).toBe(404);
    expect((await ask('DELETE', '/v1/devices/nobody')).status).toBe(204);
  });
});

test('devices are searched, gateways separately, and results have no status', async () => {
  const { ask } = await givenTenant();
  for (const [id, body] of Object.entries({ a: { via: ['gw'] }, b: {}, gw: {}, m: { memberOf: ['g'] } }))
    await ask('POST', `/v1/devices/acme/${id}`, body);
  const search = async (text: string) => (await ask('GET', `/v1/devices/acme${text}`)).json;
  expect(await search('?pageSize=2&pageOffset=1')).toEqual({
    total: 4,
    result: [{ id: 'gw' }, { id: 'm', memberOf: ['g'] }],
  });
  const sort = `&sortJson=${encodeURIComponent('{"field":"/id","direction":"desc"}')}`;
  expect(await search(`?isGateway=true${sort}`)).toMatchObject({
    total: 2,
    result: [{ id: 'm' }, { id: 'gw' }],
  });
  expect(await search('?isGateway=no')).toMatchObject({ total: 2, result: [{ id: 'a' }, { id: 'b' }] });
  expect((await ask('GET', '/v1/devices/nobody')).status).toBe(404);
  const none = await ask(
    'GET',
    `/v1/devices/acme?filterJson=${encodeURIComponent('{"field":"/id","value":"z*"}')}`,
  );
  expect([none.status, none.json]).toEqual([404, fault]);
});

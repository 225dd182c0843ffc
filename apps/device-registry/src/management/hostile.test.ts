import { nastyStrings } from '@rollcall/conformance/hostile';
import { expect, test } from 'vitest';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { givenApi } from '../testing/given-api.ts';

const json = { 'content-type': 'application/json' };
const fault = { error: expect.any(String) };

test.each<[string, string]>([
  ['is nested deep', `{"ext":${'{"a":'.repeat(400)}1${'}'.repeat(400)}}`],
  ['is a list of lists', '['.repeat(1_000) + ']'.repeat(1_000)],
  ['has a number beyond all', '{"ext":{"a":1e400}}'],
  ['has a number that would be another', '{"ext":{"a":12345678901234567890}}'],
  ['would change what all objects have', '{"ext":{"__proto__":{"a":1}}}'],
  ['has a member twice', '{"enabled":true,"enabled":false}'],
  ['has a member twice, in two spellings', '{"ext":{"a":1,"\\u0061":2}}'],
  ['has half of a surrogate pair', '{"ext":{"a":"\\ud800"}}'],
  ['has half of one in a name', '{"ext":{"\\udc00":1}}'],
  ['has U+0000', '{"ext":{"a":"\\u0000"}}'],
  ['is a scalar', '1'],
  ['ends early', '{"ext":'],
  ['has a byte order mark within', '{"enabled"\uFEFF:true}'],
])('a body that %s is refused', async (_what, body) => {
  const { ask, failures } = await givenApi({ maxBodyBytes: 10_000 });
  await ask('POST', '/v1/tenants/acme');
  for (const path of ['/v1/tenants/t', '/v1/devices/acme/d']) {
    const { status, json: answer } = await ask('POST', path, body, json);
    expect([path, status, answer]).toEqual([path, 400, fault]);
    expect((await ask('GET', path)).status).toBe(404);
  }
  expect(failures).toEqual([]);
});

test('a list of half a million elements is kept, where the payload may be so long', async () => {
  const { ask, failures } = await givenApi({ maxBodyBytes: 2_000_000 });
  await ask('POST', '/v1/tenants/acme');
  const content = { ext: { list: Array.from({ length: 500_000 }, () => 1) } };
  expect((await ask('POST', '/v1/devices/acme/d', content)).status).toBe(201);
  expect((await ask('GET', '/v1/devices/acme/d')).json).toMatchObject(content);
  expect(failures).toEqual([]);
});

test.each<[string, string]>([
  ['has U+0000', String.raw`{"field":"/ext/a","value":"\u0000"}`],
  ['has U+0000 in a pattern', String.raw`{"field":"/ext/a","value":"*\u0000"}`],
  ['has U+0000 in a list', String.raw`{"field":"/id","op":"in","value":["\u0000"]}`],
  ['has U+0000 in its field', String.raw`{"field":"/ext/\u0000","value":1}`],
  ['has half of a surrogate pair', String.raw`{"field":"/ext/a","value":"\ud800"}`],
  ['has a number beyond all', '{"field":"/ext/a","value":1e400}'],
  ['has a number that would be another', '{"field":"/ext/a","value":12345678901234567890}'],
  ['has a member twice', '{"field":"/id","value":"a","value":"b"}'],
  ['is nested deep', `{"field":"/ext/a","value":${'['.repeat(400)}${']'.repeat(400)}}`],
])('a filter that %s is refused', async (_what, filter) => {
  const { ask, failures } = await givenApi();
  await ask('POST', '/v1/tenants/acme');
  await ask('POST', '/v1/devices/acme/d');
  for (const path of ['/v1/tenants', '/v1/devices/acme']) {
    const answer = await ask('GET', `${path}?filterJson=${encodeURIComponent(filter)}`);
    expect([path, answer.status, answer.json]).toEqual([path, 400, fault]);
  }
  expect(failures).toEqual([]);
});

test.each(Object.entries(nastyStrings))('%s is returned unchanged, or refused', async (_what, nasty) => {
  const { ask, failures } = await givenApi();
  await ask('POST', '/v1/tenants/acme');
  const content = { ext: { [nasty]: nasty }, defaults: { a: nasty } };
  const { status } = await ask('POST', '/v1/devices/acme/d', content);
  expect([201, 400]).toContain(status);
  const read = await ask('GET', '/v1/devices/acme/d');
  if (status === 201) expect(read.json).toMatchObject(content);
  else expect(read.status).toBe(404);
  const inPath = await ask('POST', `/v1/devices/acme/${encodeURIComponent(nasty.toWellFormed())}`);
  expect([201, 400, 404, 409]).toContain(inPath.status);
  const filter = encodeURIComponent(JSON.stringify({ field: `/ext/${nasty}`, value: nasty }));
  expect([200, 400, 404]).toContain((await ask('GET', `/v1/devices/acme?filterJson=${filter}`)).status);
  expect(failures).toEqual([]);
});

test('whatever the pattern of ids allows, an id can be kept, and a new resource says where it is', async () => {
  const { ask, failures } = await givenApi({ tenantIdPattern: /^[^]+$/, deviceIdPattern: /^[^]+$/ });
  const paths = [
    '/v1/tenants/%E2%82%AC%20%2F%3F%23a:b=c',
    '/v1/devices/%E2%82%AC%20%2F%3F%23a:b=c/%F0%9F%90%88',
  ];
  for (const path of paths) {
    const { status, headers } = await ask('POST', path);
    expect([path, status, headers['location']]).toEqual([path, 201, path]);
    expect((await ask('GET', path)).status).toBe(200);
    expect((await ask('POST', `${path}%00`)).status).toBe(400);
  }
  expect(failures).toEqual([]);
});

test('names that every object has, such as toString, work like any other', async () => {
  const { ask } = await givenApi();
  const ext = { constructor: { prototype: 1 }, toString: 'x', hasOwnProperty: null };
  await ask('POST', '/v1/tenants/constructor', { ext });
  expect((await ask('GET', '/v1/tenants/constructor')).json).toEqual({ ext });
  await ask('POST', '/v1/devices/constructor/toString');
  const credentials = [{ type: 'constructor', 'auth-id': 'a', secrets: [{ toString: 1 }] }];
  expect((await ask('PUT', '/v1/credentials/constructor/toString', credentials)).status).toBe(204);
});

test('a pattern that makes backtracking slow is matched in a bounded number of steps', async () => {
  const { ask } = await givenApi();
  await ask('POST', '/v1/tenants/acme');
  await ask('POST', '/v1/devices/acme/d', { ext: { a: 'a'.repeat(1_900) } });
  const filter = encodeURIComponent(JSON.stringify({ field: '/ext/a', value: `${'*a'.repeat(200)}*b` }));
  expect((await ask('GET', `/v1/devices/acme?filterJson=${filter}`)).status).toBe(404);
});

test('requests get 503 with retry-after while the database is unavailable', async () => {
  const { ask, store, failures } = await givenApi();
  store.tenant = async () => {
    throw new StoreUnavailable('disk full');
  };
  const { status, json: answer, headers } = await ask('GET', '/v1/tenants/acme');
  expect([status, answer, headers['retry-after']]).toEqual([503, fault, '5']);
  expect(failures).toEqual([]);
});

test('an internal error is reported, and its text is not sent to the client', async () => {
  const { ask, store, failures } = await givenApi();
  store.tenant = async () => {
    throw new Error('SELECT secret');
  };
  const { status, text } = await ask('GET', '/v1/tenants/acme');
  expect([status, text]).toEqual([500, '{"error":"something went wrong here"}']);
  expect(failures).toHaveLength(1);
});

test('unknown paths and methods', async () => {
  const { ask } = await givenApi();
  for (const path of ['/', '/v1', '/v2/tenants', '/v1/tenants/a/b', '/v1/credentials/a', '/v1/devices'])
    expect([path, (await ask('GET', path)).status, (await ask('GET', path)).json]).toEqual([
      path,
      404,
      fault,
    ]);
  const { status, headers } = await ask('PATCH', '/v1/tenants/acme', '{}');
  expect([status, headers['allow']]).toEqual([405, 'GET, HEAD, POST, PUT, DELETE']);
});

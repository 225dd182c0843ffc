import { describe, expect, test } from 'vitest';
import { givenApi } from '../testing/given-api.ts';
import { acme, cert, fault } from '../testing/tenant-facts.ts';

const volumeSince = (time: string) => ({ 'resource-limits': { 'data-volume': { 'effective-since': time } } });

describe('a tenant is refused', () => {
  test('if another tenant has its id or alias', async () => {
    const { ask } = await givenApi();
    await ask('POST', acme, { alias: 'a' });
    const again = await ask('POST', acme);
    expect([again.status, again.json]).toEqual([409, fault]);
    expect((await ask('POST', '/v1/tenants/b', { alias: 'a' })).status).toBe(409);
    await ask('POST', '/v1/tenants/b', { alias: 'b' });
    expect((await ask('PUT', '/v1/tenants/b', { alias: 'a' })).status).toBe(409);
    expect((await ask('PUT', '/v1/tenants/b', { alias: 'b' })).status).toBe(204);
  });

  test.each<[string, object | string, Record<string, string>]>([
    ['another type', '{}', { 'content-type': 'text/plain' }],
    ['no type', '{}', {}],
    ['no JSON', '{', { 'content-type': 'application/json' }],
    ['null', 'null', { 'content-type': 'application/json' }],
    ['a list', [], {}],
    ['a member that is unknown', { unknown: true }, {}],
    ['an adapter twice', { adapters: [{ type: 'a' }, { type: 'a' }] }, {}],
    ['no adapters', { adapters: [] }, {}],
    ['an adapter without a type', { adapters: [{ enabled: true }] }, {}],
    ['an adapter with what is unknown', { adapters: [{ type: 'a', unknown: 1 }] }, {}],
    [
      'ids of authorities twice',
      {
        'trusted-ca': [
          { id: 'x', cert },
          { id: 'x', cert },
        ],
      },
      {},
    ],
    ['an alias in capitals', { alias: 'A' }, {}],
    ['a limit below -1', { 'registration-limits': { 'max-devices': -2 } }, {}],
    ['a limit that is no number', { 'resource-limits': { 'max-connections': '1' } }, {}],
    ['a size below 0', { 'minimum-message-size': -1 }, {}],
    ['an unknown mode', { tracing: { 'sampling-mode': 'some' } }, {}],
    ['a volume without a beginning', { 'resource-limits': { 'data-volume': {} } }, {}],
    ['a time after the year 9999', volumeSince('9999-12-31T23:59:59-23:59'), {}],
    ['a time before the year 0', volumeSince('0000-01-01T00:00:00+00:01'), {}],
    ['an empty group', { 'trust-anchor-group': '' }, {}],
  ])('with %s', async (_what, body, headers) => {
    const { ask } = await givenApi();
    for (const method of ['POST', 'PUT'] as const) {
      const { status, json } = await ask(method, acme, body, headers);
      expect([method, status, json]).toEqual([method, 400, fault]);
    }
    expect((await ask('GET', acme)).status).toBe(404);
  });

  test.each(['a%20b', '%C3%A4', 'a%2Fb', 'x'.repeat(257), '%'])('with the id %s', async (id) => {
    const { ask } = await givenApi();
    const { status, json } = await ask('POST', `/v1/tenants/${id}`);
    expect([status, json]).toEqual([400, fault]);
  });

  test('if its body is too large', async () => {
    const { ask } = await givenApi();
    await ask('POST', acme);
    const large = { ext: { data: 'x'.repeat(3_000) } };
    for (const [method, path] of [
      ['POST', '/v1/tenants/b'],
      ['PUT', acme],
    ] as const) {
      const { status, json } = await ask(method, path, large);
      expect([status, json]).toEqual([413, fault]);
    }
  });
});

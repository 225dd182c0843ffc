import { describe, expect, test } from 'vitest';
import { givenApi, type ApiUnderTest } from '../testing/given-api.ts';
import { fault } from '../testing/tenant-facts.ts';

describe('tenants are searched', () => {
  const given = async (): Promise<ApiUnderTest> => {
    const api = await givenApi();
    for (const [index, id] of ['t1', 't2', 't3', 't4', 't5', 't6'].entries())
      await api.ask('POST', `/v1/tenants/${id}`, { enabled: index % 2 === 0, ext: { group: `g$${index}` } });
    return api;
  };
  const query = (parts: Readonly<Record<string, unknown>>): string => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(parts))
      for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
        search.append(name, typeof each === 'string' ? each : JSON.stringify(each));
    return `/v1/tenants?${search.toString()}`;
  };
  const idsOf = (json: unknown): readonly string[] =>
    (json as { readonly result: readonly { readonly id: string }[] }).result.map(({ id }) => id);

  test('and a search without matches gets 404', async () => {
    const { ask } = await givenApi();
    const { status, json } = await ask('GET', '/v1/tenants');
    expect([status, json]).toEqual([404, fault]);
  });

  test('page by page: `pageOffset` counts pages', async () => {
    const { ask } = await given();
    const sortJson = { field: '/id' };
    const first = await ask('GET', query({ pageSize: 4, sortJson }));
    expect(first.json).toMatchObject({ total: 6, result: [{ id: 't1', enabled: true }, {}, {}, {}] });
    expect(first.headers['etag']).toBeUndefined();
    expect(idsOf((await ask('GET', query({ pageSize: 4, pageOffset: 1, sortJson }))).json)).toEqual([
      't5',
      't6',
    ]);
    expect((await ask('GET', query({ pageSize: 4, pageOffset: 2 }))).status).toBe(404);
    expect((await ask('GET', query({ pageSize: 1 }))).json).toMatchObject({
      total: 6,
      result: [{ id: 't1' }],
    });
    expect((await ask('GET', query({ pageSize: 0 }))).json).toEqual({ total: 6, result: [] });
  });

  test.each<[string, Readonly<Record<string, unknown>>, readonly string[]]>([
    [
      'all filters',
      {
        filterJson: [
          { field: '/enabled', value: true },
          { field: '/id', value: 't?' },
        ],
      },
      ['t1', 't3', 't5'],
    ],
    ['many characters', { filterJson: { field: '/ext/group', value: '*$1' } }, ['t2']],
    [
      'one character',
      { filterJson: { field: '/ext/group', value: 'g$?', op: 'EQ' } },
      ['t1', 't2', 't3', 't4', 't5', 't6'],
    ],
    ['one of', { filterJson: { field: '/id', value: ['t2', 't9'], op: 'in' } }, ['t2']],
    ['none of', { filterJson: { field: '/id', value: ['t*'], op: 'not_in' } }, []],
    ['too many characters', { filterJson: { field: '/ext/group', value: 'g$??' } }, []],
    ['a sign of regular expressions', { filterJson: { field: '/ext/group', value: 'g$' } }, []],
    [
      'an order',
      { sortJson: [{ field: '/enabled' }, { field: '/id', direction: 'DESC' }] },
      ['t6', 't4', 't2', 't5', 't3', 't1'],
    ],
  ])('by %s', async (_what, parts, ids) => {
    const { ask } = await given();
    const { status, json } = await ask('GET', query(parts));
    expect(status === 404 ? [] : idsOf(json)).toEqual(ids);
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['a size below 0', { pageSize: -100 }],
    ['a size above 200', { pageSize: 201 }],
    ['a size that is none', { pageSize: 'ten' }],
    ['an offset below 0', { pageOffset: -1 }],
    ['a filter that is no JSON', { filterJson: 'x' }],
    ['a filter with what is unknown', { filterJson: { field: '/id', value: 'x', unknown: 1 } }],
    ['a filter without a value', { filterJson: { field: '/id' } }],
    ['a filter by an object', { filterJson: { field: '/id', value: {} } }],
    ['a filter by no pointer', { filterJson: { field: 'id', value: 'x' } }],
    [
      'a filter by a pointer with a wrong escape',
      { filterJson: { field: `/${'/'.repeat(500)}~2`, value: 'x' } },
    ],
    ['a filter by several values', { filterJson: { field: '/id', value: ['x'] } }],
    ['a filter of an unknown kind', { filterJson: { field: '/id', value: 'x', op: 'gt' } }],
    ['too many filters', { filterJson: Array.from({ length: 21 }, () => ({ field: '/id', value: 'x' })) }],
    ['an order that is no JSON', { sortJson: '{' }],
    ['an order that is unknown', { sortJson: { field: '/id', direction: 'up' } }],
  ])('and refused with %s', async (_what, parts) => {
    const { ask } = await given();
    const { status, json } = await ask('GET', query(parts));
    expect([status, json]).toEqual([400, fault]);
  });
});

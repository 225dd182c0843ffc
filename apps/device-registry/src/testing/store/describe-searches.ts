import { expect, test } from 'vitest';
import type { SearchFilter } from '../../store/registry-search.ts';
import { firstPage, type Hand, type Given } from './hand.ts';

const where = (path: string, ...values: SearchFilter['values']): SearchFilter => ({
  path: path.split('/'),
  op: 'eq',
  values,
});

export function describeSearches(given: Given): void {
  const givenDevices = async (): Promise<Hand> => {
    const hand = await given();
    await hand.tenant('acme');
    await hand.tenant('other');
    await hand.device('b', { enabled: false, ext: { brand: 'abc', size: 2, 'odd "\\.$[0]': 'x' } });
    await hand.device('a', { via: ['gw', 'other-gw'], ext: { brand: 'a*c', size: 10, flag: true } });
    await hand.device('c', { ext: { brand: 'ABC', size: 2.5, nested: { deep: 'here' } } });
    await hand.device('gw', { ext: { brand: '2', lists: [['x', 'y'], ['z']], 0: 'zero', '-1': 'less' } });
    await hand.device('member', { memberOf: ['g'] });
    await hand.device('a', {}, 'other');
    return hand;
  };

  test('pages are in the order of ids, with the count of all matches', async () => {
    const hand = await givenDevices();
    const page = await hand.store.searchDevices('acme', { ...firstPage, pageSize: 2, pageIndex: 1 });
    expect(page.total).toBe(5);
    expect(page.found.map(({ id }) => id)).toEqual(['c', 'gw']);
    expect(page.found[0]).toEqual((await hand.store.registration('acme', 'c')).device);
    const after = await hand.store.searchDevices('acme', { ...firstPage, pageIndex: 1_000_000 });
    expect(after).toEqual({ total: 5, found: [] });
    expect((await hand.store.searchTenants(firstPage)).found.map(({ id }) => id)).toEqual(['acme', 'other']);
  });

  test.each<[string, SearchFilter[], string[]]>([
    ['a text', [where('ext/brand', 'abc')], ['b']],
    ['a pattern of many', [where('ext/brand', 'a*c')], ['a', 'b']],
    ['a pattern of one', [where('ext/brand', '?b?')], ['b']],
    ['a number', [where('ext/size', 2)], ['b']],
    ['a number as text is none', [where('ext/brand', 2)], []],
    ['a boolean', [where('enabled', false)], ['b']],
    ['a boolean is no number', [where('ext/flag', 1)], []],
    ['a nested member', [where('ext/nested/deep', 'here')], ['c']],
    ['an object is no value', [where('ext/nested', 'here')], []],
    ['an element of a list', [where('via', 'other-*')], ['a']],
    ['an element by its index', [where('ext/lists/0/1', 'y')], ['gw']],
    ['no other element', [where('ext/lists/0/1', 'x')], []],
    ['a list by its index', [where('ext/lists/1', 'z')], ['gw']],
    ['a number as a name', [where('ext/0', 'zero')], ['gw']],
    ['a number below 0 as a name', [where('ext/-1', 'less')], ['gw']],
    ['no index from the end', [where('ext/lists/-1', 'z')], []],
    ['no index with a zero before it', [where('ext/lists/01', 'z')], []],
    ['an odd name', [where('ext/odd "\\.$[0]', 'x')], ['b']],
    ['the id', [where('id', 'g?')], ['gw']],
    ['a number is no id', [where('id', 1)], []],
    ['nothing that is not there', [where('ext/missing/deeper', '*')], []],
    ['all filters together', [where('ext/brand', '*'), where('ext/size', 10)], ['a']],
    ['one of several', [{ path: ['ext', 'size'], op: 'in', values: [10, 2.5, 'x'] }], ['a', 'c']],
    ['one of none', [{ path: ['ext', 'size'], op: 'in', values: [] }], []],
    ['none of several', [{ path: ['ext', 'brand'], op: 'not-in', values: ['a*'] }], ['c', 'gw', 'member']],
    ['quotation marks are text', [where('ext/brand', "' OR 1=1 --")], []],
  ])('%s', async (_what, filters, ids) => {
    const hand = await givenDevices();
    expect(await hand.found({ filters })).toEqual(ids);
    expect((await hand.store.searchDevices('acme', { ...firstPage, filters })).total).toBe(ids.length);
  });

  test('results are ordered by members, the first before the second, missing ones first', async () => {
    const hand = await givenDevices();
    const by = (path: string, isDescending = false) => ({ path: path.split('/'), isDescending });
    expect(await hand.found({ order: [by('ext/size')] })).toEqual(['gw', 'member', 'b', 'c', 'a']);
    expect(await hand.found({ order: [by('ext/size', true)] })).toEqual(['a', 'c', 'b', 'gw', 'member']);
    expect((await hand.found({ order: [by('ext/lists/1/0', true)] }))[0]).toBe('gw');
    expect((await hand.found({ order: [by('ext/-1', true)] }))[0]).toBe('gw');
    expect(await hand.found({ order: [by('enabled', true), by('id', true)] })).toEqual([
      ...['b', 'member', 'gw', 'c', 'a'],
    ]);
  });

  test('gateways are devices in the via of another or in a group, and filters apply to them', async () => {
    const hand = await givenDevices();
    expect(await hand.found({ isGateway: true })).toEqual(['gw', 'member']);
    expect(await hand.found({ isGateway: false })).toEqual(['a', 'b', 'c']);
    const filters = [where('ext/brand', '2')];
    expect(await hand.store.searchDevices('acme', { ...firstPage, filters, isGateway: true })).toMatchObject({
      total: 1,
      found: [{ id: 'gw' }],
    });
    await hand.write({ kind: 'delete-device', tenant: 'acme', device: 'a' });
    expect(await hand.found({ isGateway: true })).toEqual(['member']);
  });

  test('tenants are searched in the same way', async () => {
    const hand = await given();
    await hand.tenant('one', { alias: 'x', ext: { brand: 'abc' } });
    await hand.tenant('two', { ext: { brand: 'abd' } });
    const found = async (...filters: SearchFilter[]) => {
      const page = await hand.store.searchTenants({ ...firstPage, filters });
      return [page.total, ...page.found.map(({ id }) => id)];
    };
    expect(await found(where('ext/brand', 'ab?'))).toEqual([2, 'one', 'two']);
    expect(await found(where('ext/brand', 'ab?'), where('alias', 'x'))).toEqual([1, 'one']);
    expect(await found(where('ext/brand', 'nobody'))).toEqual([0]);
  });
}

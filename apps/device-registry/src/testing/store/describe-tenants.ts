import { expect, test } from 'vitest';
import { ca, done, firstPage, password, type Given } from './hand.ts';

export function describeTenants(given: Given): void {
  test('a tenant is found by its id, its alias and its authority', async () => {
    const { store, ...hand } = await given().then((each) => ({
      store: each.store,
      tenant: each.tenant.bind(each),
    }));
    const content = {
      alias: 'a',
      'trusted-ca': [ca('CN=one'), ca('CN=two')],
      ext: { nested: { text: 'ä\n' } },
    };
    expect(await hand.tenant('acme', content, 'v1')).toEqual(done);
    const tenant = { id: 'acme', content, version: 'v1' };
    expect(await store.tenant('acme')).toEqual(tenant);
    expect(await store.tenant('a')).toBeUndefined();
    expect(await store.tenantByName('a')).toEqual(tenant);
    expect(await store.tenantByName('acme')).toEqual(tenant);
    expect(await store.tenantsByTrustedCa('CN=two')).toEqual([tenant]);
    expect(await store.tenantsByTrustedCa('CN=three')).toEqual([]);
  });

  test('a tenant is found by its id even if another tenant has that alias', async () => {
    const hand = await given();
    await hand.tenant('other', { alias: 'acme' });
    await hand.tenant('acme');
    expect((await hand.store.tenantByName('acme'))?.id).toBe('acme');
  });

  test('ids, aliases and authorities are unique, except authorities within a group', async () => {
    const hand = await given();
    await hand.tenant('acme', { alias: 'a', 'trusted-ca': [ca('CN=one')], 'trust-anchor-group': 'g' });
    expect(await hand.tenant('acme')).toEqual({ status: 'taken', what: 'tenant-id' });
    expect(await hand.tenant('b', { alias: 'a' })).toEqual({ status: 'taken', what: 'alias' });
    const taken = { status: 'taken', what: 'trusted-ca' };
    expect(await hand.tenant('b', { 'trusted-ca': [ca('CN=two'), ca('CN=one')] })).toEqual(taken);
    const sharing = { 'trusted-ca': [ca('CN=one')], 'trust-anchor-group': 'g' };
    expect(await hand.tenant('b', sharing)).toEqual(done);
    expect((await hand.store.tenantsByTrustedCa('CN=one')).map(({ id }) => id)).toEqual(['acme', 'b']);
    const leaving = { ...sharing, 'trust-anchor-group': 'another' };
    expect(await hand.write({ kind: 'update-tenant', tenant: 'b', content: leaving, version: 'v' })).toEqual(
      taken,
    );
    expect(await hand.tenant('c', { 'trusted-ca': [] })).toEqual(done);
    expect(await hand.tenant('d', { 'trusted-ca': [] })).toEqual(done);
  });

  test('a tenant is replaced and deleted completely, and only if its version is the expected one', async () => {
    const hand = await given();
    await hand.tenant('acme', { alias: 'a', 'trusted-ca': [ca('CN=one')] }, 'v1');
    const replace = {
      kind: 'update-tenant',
      tenant: 'acme',
      content: { enabled: false },
      version: 'v2',
    } as const;
    expect(await hand.write({ ...replace, expected: ['v0'] })).toEqual({ status: 'version-mismatch' });
    expect(await hand.write({ ...replace, expected: ['v0', 'v1'] })).toEqual(done);
    expect(await hand.store.tenant('acme')).toEqual({
      id: 'acme',
      content: { enabled: false },
      version: 'v2',
    });
    expect(await hand.store.tenantByName('a')).toBeUndefined();
    expect(await hand.store.tenantsByTrustedCa('CN=one')).toEqual([]);
    expect(await hand.write({ kind: 'delete-tenant', tenant: 'acme', expected: ['v1'] })).toEqual({
      status: 'version-mismatch',
    });
    expect(await hand.write({ kind: 'delete-tenant', tenant: 'acme', expected: ['v2'] })).toEqual(done);
    expect(await hand.store.tenant('acme')).toBeUndefined();
    const gone = { status: 'not-found', what: 'tenant' };
    expect(await hand.write({ kind: 'delete-tenant', tenant: 'acme' })).toEqual(gone);
    expect(await hand.write(replace)).toEqual(gone);
  });

  test('the devices of a deleted tenant cannot be read until a tenant with its id exists again', async () => {
    const hand = await given();
    await hand.tenant('acme');
    await hand.device('one');
    await hand.credentials('one', [password('user')]);
    await hand.write({ kind: 'delete-tenant', tenant: 'acme' });
    expect(await hand.store.registration('acme', 'one')).toEqual({ members: [] });
    expect(await hand.store.credentialsBy('acme', 'hashed-password', 'user')).toEqual({});
    expect(await hand.store.credentialsOf('acme', 'one')).toBeUndefined();
    expect(await hand.store.searchDevices('acme', firstPage)).toEqual({ total: 0, found: [] });
    await hand.tenant('acme');
    expect((await hand.store.registration('acme', 'one')).device?.id).toBe('one');
    expect((await hand.store.searchDevices('acme', firstPage)).total).toBe(1);
  });
}

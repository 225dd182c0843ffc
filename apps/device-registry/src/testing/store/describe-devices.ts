import { expect, test } from 'vitest';
import type { CredentialContent } from '../../store/registry-content.ts';
import { at, done, firstPage, password, type Given } from './hand.ts';

export function describeDevices(given: Given): void {
  test('a new device has its content, its time, and no credentials', async () => {
    const hand = await given();
    const noTenant = { status: 'not-found', what: 'tenant' };
    expect(await hand.device('one')).toEqual(noTenant);
    await hand.tenant('acme');
    const content = { enabled: false, via: ['gw'], ext: { a: [1, 'two', null] } };
    const create = {
      kind: 'create-device',
      tenant: 'acme',
      device: 'one',
      content,
      version: 'v1',
      at,
    } as const;
    expect(await hand.write(create)).toEqual(done);
    expect(await hand.write(create)).toEqual({ status: 'taken', what: 'device-id' });
    const status = { createdAt: at, autoProvisioned: false, provisioningEventSent: false };
    const device = { tenant: 'acme', id: 'one', content, version: 'v1', status };
    expect((await hand.store.registration('acme', 'one')).device).toEqual(device);
    expect(await hand.store.credentialsOf('acme', 'one')).toEqual({ credentials: [], version: 'v1' });
    const update = { ...create, kind: 'update-device', content: {}, version: 'v2', at: at + 1 } as const;
    expect(await hand.write({ ...update, expected: ['v3'] })).toEqual({ status: 'version-mismatch' });
    expect(await hand.write({ ...update, expected: ['v1'] })).toEqual(done);
    expect((await hand.store.registration('acme', 'one')).device).toEqual({
      ...device,
      content: {},
      version: 'v2',
      status: { ...status, updatedAt: at + 1 },
    });
    expect(await hand.write({ ...update, device: 'two' })).toEqual({ status: 'not-found', what: 'device' });
    expect(await hand.write({ ...update, tenant: 'other' })).toEqual(noTenant);
  });

  test('a deleted device loses its credentials, and a device without a tenant is reported as such', async () => {
    const hand = await given();
    await hand.tenant('acme');
    await hand.device('one');
    await hand.credentials('one', [password('user')]);
    const remove = { kind: 'delete-device', tenant: 'acme', device: 'one' } as const;
    expect(await hand.write({ ...remove, expected: ['v0'] })).toEqual({ status: 'version-mismatch' });
    expect(await hand.write(remove)).toEqual(done);
    expect(await hand.write(remove)).toEqual({ status: 'not-found', what: 'device' });
    expect(await hand.write({ ...remove, tenant: 'other' })).toEqual({ status: 'not-found', what: 'tenant' });
    expect((await hand.store.credentialsBy('acme', 'hashed-password', 'user')).found).toBeUndefined();
    await hand.device('two');
    expect(await hand.credentials('two', [password('user')])).toEqual(done);
  });

  test('all devices of a tenant are deleted at once, and those of other tenants stay', async () => {
    const hand = await given();
    await hand.tenant('acme');
    await hand.tenant('other');
    for (const id of ['one', 'two']) await hand.device(id, { via: ['gw'], memberOf: ['g'] });
    await hand.device('one', {}, 'other');
    await hand.credentials('one', [password('user')]);
    expect(await hand.write({ kind: 'delete-devices', tenant: 'acme' })).toEqual(done);
    expect(await hand.write({ kind: 'delete-devices', tenant: 'nobody' })).toEqual(done);
    expect(await hand.store.searchDevices('acme', firstPage)).toEqual({ total: 0, found: [] });
    expect((await hand.store.searchDevices('other', firstPage)).total).toBe(1);
    expect(await hand.found({ isGateway: true })).toEqual([]);
  });

  test('a registration has the asking gateway and the members of groups, read at one moment', async () => {
    const hand = await given();
    await hand.tenant('acme');
    await hand.device('gw-2', { memberOf: ['g', 'h'] });
    await hand.device('gw-1', { memberOf: ['g'], enabled: false });
    await hand.device('gw-3', { memberOf: ['other'] });
    await hand.device('one', { viaGroups: ['g', 'h'] });
    const facts = await hand.store.registration('acme', 'one', 'gw-1');
    expect(facts.members).toEqual(['gw-1', 'gw-2']);
    expect(facts.gateway?.content.enabled).toBe(false);
    expect((await hand.store.registration('acme', 'one', 'nobody')).gateway).toBeUndefined();
    await hand.write({
      kind: 'update-device',
      tenant: 'acme',
      device: 'gw-2',
      content: { memberOf: ['h'] },
      version: 'v',
      at,
    });
    await hand.write({ kind: 'delete-device', tenant: 'acme', device: 'gw-1' });
    expect((await hand.store.registration('acme', 'one')).members).toEqual(['gw-2']);
  });

  test('a tenant may have as many devices as its own limit allows, or else the limit of the service', async () => {
    const hand = await given(1);
    await hand.tenant('acme', { 'registration-limits': { 'max-devices': 2 } });
    await hand.tenant('plain', { 'registration-limits': { 'max-devices': -1 } });
    expect(await hand.device('one', {}, 'plain')).toEqual(done);
    expect(await hand.device('two', {}, 'plain')).toEqual({
      status: 'limit-reached',
      what: 'devices',
      limit: 1,
    });
    for (const id of ['one', 'two']) expect(await hand.device(id)).toEqual(done);
    const limited = { status: 'limit-reached', what: 'devices', limit: 2 };
    expect(await hand.device('three')).toEqual(limited);
    const provision = { kind: 'provision-device', tenant: 'acme', content: {}, version: 'v', at } as const;
    expect(await hand.write({ ...provision, device: 'three' })).toEqual(limited);
    await hand.write({ kind: 'delete-device', tenant: 'acme', device: 'one' });
    expect(await hand.device('three')).toEqual(done);
  });

  test('a device that registers itself is created once', async () => {
    const hand = await given();
    await hand.tenant('acme');
    const credentials: CredentialContent = { type: 'x509-cert', 'auth-id': 'CN=one', secrets: [{ id: 's' }] };
    const provision = {
      kind: 'provision-device',
      tenant: 'acme',
      device: 'one',
      content: {},
      version: 'v1',
      at,
      credentials,
    } as const;
    expect(await hand.write(provision)).toEqual(done);
    const exists = { status: 'exists', device: 'one' };
    expect(await hand.write({ ...provision, device: 'another', version: 'v2' })).toEqual(exists);
    const { credentials: _none, ...bare } = provision;
    expect(await hand.write({ ...bare, version: 'v3' })).toEqual(exists);
    const facts = await hand.store.credentialsBy('acme', 'x509-cert', 'CN=one');
    expect(facts.found?.credentials).toEqual(credentials);
    expect(facts.found?.device.version).toBe('v1');
    const flags = async () => (await hand.store.registration('acme', 'one')).device?.status;
    expect(await flags()).toEqual({ createdAt: at, autoProvisioned: true, provisioningEventSent: false });
    const tell = {
      kind: 'note-provisioning-event-sent',
      tenant: 'acme',
      device: 'one',
      version: 'v4',
    } as const;
    expect(await hand.write(tell)).toEqual(done);
    expect(await flags()).toEqual({ createdAt: at, autoProvisioned: true, provisioningEventSent: true });
    expect(await hand.write({ ...tell, device: 'two' })).toEqual({ status: 'not-found', what: 'device' });
    await hand.write({ ...provision, kind: 'update-device', version: 'v5', at: at + 1 });
    expect(await flags()).toEqual({
      createdAt: at,
      updatedAt: at + 1,
      autoProvisioned: false,
      provisioningEventSent: false,
    });
  });

  test('a name that no database keeps is no name of anything', async () => {
    const hand = await given();
    await hand.tenant('acme');
    await hand.device('one');
    const { store } = hand;
    expect(await store.tenant('acme\0')).toBeUndefined();
    expect(await store.tenantByName('acme\0')).toBeUndefined();
    expect(await store.tenantsByTrustedCa('CN=\0')).toEqual([]);
    expect((await store.registration('acme\0', 'one')).tenant).toBeUndefined();
    const { tenant, device, gateway } = await store.registration('acme', 'one\0', 'one');
    expect([tenant?.id, device, gateway?.id]).toEqual(['acme', undefined, 'one']);
    expect((await store.registration('acme', 'one', 'one\0')).gateway).toBeUndefined();
    for (const [type, authId] of [
      ['psk', 'me\0'],
      ['psk\0', 'me'],
    ] as const)
      expect((await store.credentialsBy('acme', type, authId)).found).toBeUndefined();
    expect(await store.credentialsOf('acme', 'one\0')).toBeUndefined();
  });
}

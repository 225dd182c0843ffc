import { randomUUID } from 'node:crypto';
import type { Timestamp } from '@rollcall/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CredentialContent, DeviceContent, TenantContent } from '../store/registry-content.ts';
import type { DeviceSearchQuery, SearchFilter } from '../store/registry-search.ts';
import type { HeardChange, RegistryStore, RegistryStoreOptions } from '../store/registry-store.ts';
import type { RegistryWrite, WriteOutcome } from '../store/registry-write.ts';

/** A new, empty database. */
export interface DatabaseUnderTest {
  /** Opens the database. Further calls open the same one again. */
  open(options: RegistryStoreOptions): Promise<RegistryStore>;
}

const done: WriteOutcome = { status: 'done' };
const at = Date.parse('2026-11-29T10:00:00Z');
const firstPage: DeviceSearchQuery = { pageSize: 30, pageIndex: 0, filters: [], order: [] };

/** Short forms of writes. */
class Hand {
  readonly store: RegistryStore;

  constructor(store: RegistryStore) {
    this.store = store;
  }

  readonly write = (write: RegistryWrite): Promise<WriteOutcome> => this.store.write(write);

  tenant(tenant: string, content: TenantContent = {}, version: string = randomUUID()): Promise<WriteOutcome> {
    return this.write({ kind: 'create-tenant', tenant, content, version });
  }

  device(device: string, content: DeviceContent = {}, tenant = 'acme'): Promise<WriteOutcome> {
    return this.write({ kind: 'create-device', tenant, device, content, version: randomUUID(), at });
  }

  credentials(device: string, credentials: readonly CredentialContent[]): Promise<WriteOutcome> {
    return this.write({
      kind: 'put-credentials',
      tenant: 'acme',
      device,
      credentials,
      version: randomUUID(),
    });
  }

  async found(query: Partial<DeviceSearchQuery> = {}): Promise<readonly string[]> {
    const { found } = await this.store.searchDevices('acme', { ...firstPage, ...query });
    return found.map(({ id }) => id);
  }
}

/** Every store must pass. Called from the store's own tests. */
export function describeRegistryStore(name: string, database: () => Promise<DatabaseUnderTest>): void {
  const given = async (maxDevicesPerTenant = -1): Promise<Hand> => {
    const store = await (await database()).open({ maxDevicesPerTenant });
    onTestFinished(() => store.close());
    return new Hand(store);
  };

  describe(`${name} honours the RegistryStore contract`, () => {
    tenantsAreKept(given);
    devicesAreKept(given);
    credentialsAreKept(given);
    changesAreTold(given);
    changesAreKept(database);
    importsAreNoted(given);
    searchFinds(given);
  });
}

type Given = (maxDevicesPerTenant?: number) => Promise<Hand>;

const ca = (subject: string) => ({
  id: `ca of ${subject}`,
  'subject-dn': subject,
  'public-key': 'AA==',
  algorithm: 'EC',
  'not-before': '2026-01-01T00:00:00Z',
  'not-after': '2027-01-01T00:00:00Z',
});

function tenantsAreKept(given: Given): void {
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

const password = (authId: string, hash = 'AAAA'): CredentialContent => ({
  type: 'hashed-password',
  'auth-id': authId,
  secrets: [{ id: 's', 'hash-function': 'sha-256', 'pwd-hash': hash }],
});

function devicesAreKept(given: Given): void {
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
}

function credentialsAreKept(given: Given): void {
  test('credentials are replaced as a set, which has its own version', async () => {
    const hand = await given();
    await hand.tenant('acme');
    await hand.device('one');
    const before = await hand.store.credentialsOf('acme', 'one');
    const psk: CredentialContent = { type: 'psk', 'auth-id': 'user', secrets: [{ id: 'k', key: 'AAAA' }] };
    const put = { kind: 'put-credentials', tenant: 'acme', device: 'one', version: 'c1' } as const;
    const wrong = { ...put, credentials: [], expected: ['no'] };
    expect(await hand.write(wrong)).toEqual({ status: 'version-mismatch' });
    const set = [psk, password('user')];
    const expected = [String(before?.version)];
    expect(await hand.write({ ...put, credentials: set, expected })).toEqual(done);
    expect(await hand.store.credentialsOf('acme', 'one')).toEqual({ credentials: set, version: 'c1' });
    expect((await hand.store.registration('acme', 'one')).device?.version).toBe(before?.version);
    expect((await hand.store.credentialsBy('acme', 'psk', 'user')).found?.credentials).toEqual(psk);
    await hand.credentials('one', [password('user', 'BBBB')]);
    expect((await hand.store.credentialsBy('acme', 'psk', 'user')).found).toBeUndefined();
    expect(await hand.write({ ...put, device: 'two', credentials: [] })).toEqual({
      status: 'not-found',
      what: 'device',
    });
    expect(await hand.write({ ...put, tenant: 'other', credentials: [] })).toEqual({
      status: 'not-found',
      what: 'tenant',
    });
  });

  test('type and auth-id are unique in a tenant, and a refused set changes nothing', async () => {
    const hand = await given();
    await hand.tenant('acme', { 'registration-limits': { 'max-credentials-per-device': 2 } });
    await hand.device('one');
    await hand.device('two');
    await hand.credentials('one', [password('user')]);
    await hand.credentials('two', [password('mine')]);
    expect(await hand.credentials('two', [password('new'), password('user')])).toEqual({
      status: 'taken',
      what: 'auth-id',
    });
    expect(
      await hand.credentials(
        'two',
        ['a', 'b', 'c'].map((each) => password(each)),
      ),
    ).toEqual({
      status: 'limit-reached',
      what: 'credentials',
      limit: 2,
    });
    expect((await hand.store.credentialsOf('acme', 'two'))?.credentials).toEqual([password('mine')]);
    expect(await hand.credentials('two', [])).toEqual(done);
  });
}

function changesAreTold(given: Given): void {
  test('each change is reported once, in order, and refused writes are not', async () => {
    const hand = await given();
    const heard: HeardChange[] = [];
    const stop = hand.store.onChange((each) => heard.push(each));
    const tenant = { type: 'tenant', tenant: 'acme' };
    const device = { type: 'device', tenant: 'acme', device: 'one' };
    await hand.tenant('acme', { ext: { 'invalidate-cache-on-update': true } });
    await hand.tenant('acme');
    await hand.write({ kind: 'update-tenant', tenant: 'acme', content: { enabled: false }, version: 'v' });
    await hand.device('one');
    await hand.write({ kind: 'update-device', tenant: 'acme', device: 'one', content: {}, version: 'v', at });
    await hand.credentials('one', []);
    await hand.write({ kind: 'delete-device', tenant: 'acme', device: 'one' });
    const credentials: CredentialContent = { type: 'x509-cert', 'auth-id': 'CN=one', secrets: [{ id: 's' }] };
    const provision = {
      kind: 'provision-device',
      tenant: 'acme',
      device: 'one',
      content: {},
      version: 'v',
      at,
      credentials,
    } as const;
    await hand.write(provision);
    await hand.write(provision);
    await hand.write({ kind: 'note-provisioning-event-sent', tenant: 'acme', device: 'one', version: 'w' });
    await hand.write({ kind: 'note-provisioning-event-sent', tenant: 'acme', device: 'one', version: 'x' });
    await hand.write({ kind: 'delete-devices', tenant: 'acme' });
    await hand.write({ kind: 'delete-tenant', tenant: 'acme' });
    stop();
    await hand.tenant('acme');
    expect(heard).toEqual(
      [
        { ...tenant, change: 'create', enabled: true, invalidateCacheOnUpdate: true },
        { ...tenant, change: 'update', enabled: false, invalidateCacheOnUpdate: false },
        { ...device, change: 'create', enabled: true },
        { ...device, change: 'update', enabled: true },
        { type: 'credentials', tenant: 'acme', device: 'one' },
        { ...device, change: 'delete', enabled: false },
        { ...device, change: 'create', enabled: true },
        { type: 'credentials', tenant: 'acme', device: 'one' },
        { ...device, change: 'update', enabled: true },
        { type: 'all-devices-deleted', tenant: 'acme' },
        { ...tenant, change: 'delete', enabled: false, invalidateCacheOnUpdate: true },
      ].map((change) => ({ change, isOurs: true })),
    );
  });

  test('simultaneous writes are each done once', async () => {
    const hand = await given();
    await hand.tenant('acme');
    const ids = Array.from({ length: 50 }, (_each, index) => `d-${index % 25}`);
    const outcomes = await Promise.all(ids.map((id) => hand.device(id)));
    expect(outcomes.filter(({ status }) => status === 'done')).toHaveLength(25);
    expect(outcomes.filter(({ status }) => status === 'taken')).toHaveLength(25);
    expect((await hand.store.searchDevices('acme', firstPage)).total).toBe(25);
  });
}

function importsAreNoted(given: Given): void {
  test('a running import is noted until it is complete', async () => {
    const { store, write } = await given();
    expect(await store.isImportUnderWay()).toBe(false);
    for (let time = 0; time < 2; time++)
      expect(await write({ kind: 'note-import', isUnderWay: true })).toEqual(done);
    expect(await store.isImportUnderWay()).toBe(true);
    expect(await write({ kind: 'note-import', isUnderWay: false })).toEqual(done);
    expect(await store.isImportUnderWay()).toBe(false);
  });
}

function changesAreKept(database: () => Promise<DatabaseUnderTest>): void {
  const given = async (keepChanges = true) => {
    let now = 1_000;
    const store = await (
      await database()
    ).open({ maxDevicesPerTenant: -1, ...(keepChanges && { keepChanges: { now: () => now as Timestamp } }) });
    onTestFinished(() => store.close());
    return { store, hand: new Hand(store), at: (time: number) => void (now = time) };
  };

  test('changes are kept in order, each with its time, until they are removed', async () => {
    const { store, hand, at: setTime } = await given();
    const outbox = store.outbox ?? expect.unreachable('there is no outbox');
    await hand.tenant('acme');
    setTime(2_000);
    await hand.device('one');
    await hand.device('one');
    await hand.credentials('one', []);
    await hand.write({ kind: 'delete-devices', tenant: 'acme' });
    expect(await outbox.first('tenants', 0, 10)).toMatchObject([
      { at: 1_000, change: { type: 'tenant', change: 'create', tenant: 'acme', enabled: true } },
    ]);
    const kept = await outbox.first('devices', 0, 10);
    expect(kept).toMatchObject([
      { at: 2_000, change: { type: 'device', change: 'create', device: 'one' } },
      { change: { type: 'credentials', device: 'one' } },
      { change: { type: 'all-devices-deleted', tenant: 'acme' } },
    ]);
    const [first, second] = kept;
    expect(await outbox.first('devices', first?.number ?? 0, 1)).toEqual([second]);
    expect(await outbox.figures('devices')).toEqual({ waiting: 3, oldestAt: 2_000 });
    await outbox.remove('devices', second?.number ?? 0);
    expect(await outbox.first('devices', 0, 10)).toEqual(kept.slice(2));
    await outbox.remove('devices', kept[2]?.number ?? 0);
    expect(await outbox.figures('devices')).toEqual({ waiting: 0 });
    expect(await outbox.figures('tenants')).toEqual({ waiting: 1, oldestAt: 1_000 });
    await hand.device('two');
    const [later] = await outbox.first('devices', 0, 10);
    expect(later?.number, 'no number is used again').toBeGreaterThan(kept[2]?.number ?? 0);
  });

  test('changes are dropped beyond a number, the oldest first, and before a time', async () => {
    const { store, hand, at: setTime } = await given();
    const outbox = store.outbox ?? expect.unreachable('there is no outbox');
    await hand.tenant('acme');
    for (let each = 0; each < 10; each++) {
      setTime(each);
      await hand.device(`d-${each}`);
    }
    const times = async () => (await outbox.first('devices', 0, 100)).map((each) => each.at);
    expect(await outbox.removeBeyond('devices', { maxKept: 6, from: 0 })).toBe(4);
    expect(await times()).toEqual([4, 5, 6, 7, 8, 9]);
    expect(await outbox.removeBeyond('devices', { maxKept: 100, from: 7 })).toBe(3);
    expect(await outbox.removeBeyond('devices', { maxKept: Number.MAX_SAFE_INTEGER, from: 7 })).toBe(0);
    expect(await times()).toEqual([7, 8, 9]);
    expect(await outbox.figures('tenants')).toMatchObject({ waiting: 1 });
  });

  test('a store without notifications keeps no changes', async () => {
    const { store, hand } = await given(false);
    await hand.tenant('acme');
    expect(store.outbox).toBeUndefined();
  });
}

const where = (path: string, ...values: SearchFilter['values']): SearchFilter => ({
  path: path.split('/'),
  op: 'eq',
  values,
});

function searchFinds(given: Given): void {
  const givenDevices = async (): Promise<Hand> => {
    const hand = await given();
    await hand.tenant('acme');
    await hand.tenant('other');
    await hand.device('b', { enabled: false, ext: { brand: 'abc', size: 2, 'odd "\\.$[0]': 'x' } });
    await hand.device('a', { via: ['gw', 'other-gw'], ext: { brand: 'a*c', size: 10, flag: true } });
    await hand.device('c', { ext: { brand: 'ABC', size: 2.5, nested: { deep: 'here' } } });
    await hand.device('gw', { ext: { brand: '2' } });
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

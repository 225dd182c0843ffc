import type { Timestamp } from '@rollcall/core';
import { expect, onTestFinished, test } from 'vitest';
import type { CredentialContent } from '../../store/registry-content.ts';
import type { HeardChange } from '../../store/registry-store.ts';
import { Hand, at, firstPage, type DatabaseUnderTest, type Given } from './hand.ts';

export function describeChanges(given: Given): void {
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

export function describeKeptChanges(database: () => Promise<DatabaseUnderTest>): void {
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

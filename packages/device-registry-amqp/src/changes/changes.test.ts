import { ManualClock, settled } from '@rollcall/conformance';
import { deviceRef, type TenantId } from '@rollcall/core';
import type { RegistryChange } from '@rollcall/core/registry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBed, type BedFacts, type RegistryBed } from '../testing/registry-bed.ts';
import { StoredRegistry } from '../testing/stored-registry.ts';

const acme = 'acme' as TenantId;
const d1 = deviceRef('acme', 'd1');
const gw = deviceRef('acme', 'gw').device;
const credentials = { type: 'hashed-password', 'auth-id': 'a1', secrets: [] };

let clock: ManualClock;
let bed: RegistryBed;
let told: RegistryChange[];

async function given(facts: BedFacts = {}): Promise<void> {
  clock = new ManualClock();
  told = [];
  const stored = new StoredRegistry();
  stored.putTenant('acme', { 'trusted-ca': [{ 'subject-dn': 'CN=ca' }] });
  stored.putDevice('acme', 'd1', { via: ['gw'] });
  stored.putDevice('acme', 'gw');
  stored.putCredentials('acme', 'd1', credentials);
  bed = await openBed({ stored, clock, ...facts });
  bed.registry.onChange((change) => told.push(change));
}

beforeEach(() => given());
afterEach(() => bed.close());

/** A look-up of each kind of answer that is kept. */
const lookUps = {
  tenant: () => bed.registry.getTenant('acme'),
  anchor: () => bed.registry.getTenantByTrustAnchor('CN=ca'),
  device: () => bed.registry.assertRegistration(d1),
  viaGateway: () => bed.registry.assertRegistration(d1, gw),
  gateway: () => bed.registry.assertRegistration({ ...d1, device: gw }),
  credentials: () => bed.registry.getCredentials({ tenant: acme, type: 'hashed-password', authId: 'a1' }),
} as const;

type LookUp = keyof typeof lookUps;

/** Which of them are asked for again. */
async function askedAgain(): Promise<readonly LookUp[]> {
  const again: LookUp[] = [];
  for (const [name, lookUp] of Object.entries(lookUps)) {
    const before = bed.services.heard.length;
    expect((await lookUp()).status, name).toBe('found');
    if (bed.services.heard.length > before) again.push(name as LookUp);
  }
  return again;
}

test.each<readonly [string, () => void, readonly LookUp[], RegistryChange]>([
  [
    'a tenant',
    () => bed.notifications.tenantChanged('acme', { 'invalidate-cache-on-update': false }),
    ['tenant', 'anchor', 'device', 'viaGateway', 'gateway', 'credentials'],
    { type: 'tenant', tenant: acme },
  ],
  [
    'another tenant, which may trust the same',
    () => bed.notifications.tenantChanged('umbrella', { change: 'CREATE' }),
    ['anchor'],
    { type: 'tenant', tenant: 'umbrella' as TenantId },
  ],
  [
    'a device',
    () => bed.notifications.deviceChanged('acme', 'd1'),
    ['device', 'viaGateway', 'credentials'],
    { type: 'device', device: d1 },
  ],
  [
    'a gateway',
    () => bed.notifications.deviceChanged('acme', 'gw', { enabled: false }),
    ['viaGateway', 'gateway'],
    { type: 'device', device: { ...d1, device: gw } },
  ],
  [
    'the credentials of a device',
    () => bed.notifications.credentialsChanged('acme', 'd1'),
    ['device', 'viaGateway', 'credentials'],
    { type: 'device', device: d1 },
  ],
  [
    'all devices',
    () => bed.notifications.allDevicesDeleted('acme'),
    ['device', 'viaGateway', 'gateway', 'credentials'],
    { type: 'tenant', tenant: acme },
  ],
])('a change of %s drops what is about it, and is told', async (_of, happens, dropped, change) => {
  expect(await askedAgain()).toEqual(Object.keys(lookUps));
  expect(await askedAgain(), 'kept').toEqual([]);
  happens();
  expect(told).toEqual([change]);
  expect(await askedAgain()).toEqual(dropped);
  expect(await askedAgain()).toEqual([]);
});

test('a notification that cannot be read changes nothing, and is one line a minute; one of a later version’s kind is ignored', async () => {
  const utf8 = (text: string): Uint8Array => Buffer.from(text);
  for (const body of [
    undefined,
    utf8(''),
    utf8('{'),
    utf8('[]'),
    utf8('{"type":7}'),
    utf8('{"type":"device-change-v1","tenant-id":"acme"}'),
    utf8('{"type":"device-change-v1","tenant-id":"acme","device-id":"\\u0000"}'),
    utf8('{"type":"tenant-change-v1","tenant-id":"ac/me"}'),
    utf8(`{"type":"tenant-change-v1","tenant-id":"acme","x":"${'x'.repeat(20_000)}"}`),
    Uint8Array.of(0xff, 0xfe),
  ])
    bed.notifications.tellRaw('registry-device', body);
  bed.notifications.tellRaw('registry-device', utf8('{"type":"command-change-v1"}'));
  expect(told).toEqual([]);
  const lines = bed.log.lines.filter(({ level }) => level === 'warn');
  expect(lines.map(({ message }) => message)).toEqual(['a change of the device registry cannot be read']);
});

test('after changes could not be heard, everything is asked again and may have changed; what is kept is given in need', async () => {
  await askedAgain();
  bed.notifications.attach(false);
  expect(bed.registry.services?.().hearsChanges).toBe(false);
  expect(await askedAgain(), 'in its time').toEqual([]);
  bed.notifications.attach();
  expect([told, bed.registry.services?.().hearsChanges]).toEqual([[{ type: 'everything' }], true]);
  bed.services.react = () => ({ status: 500 });
  for (const [name, lookUp] of Object.entries(lookUps))
    expect(await lookUp(), `${name} in need`).toMatchObject({ status: 'found', doubtful: true });
  bed.services.react = () => undefined;
  expect(await askedAgain()).toEqual(Object.keys(lookUps));
  expect(await bed.registry.assertRegistration(d1)).not.toHaveProperty('doubtful');
});

test('while notifications do not arrive, everything is reported as perhaps changed, again and again', async () => {
  bed.notifications.attach(false);
  await clock.advanceAsync(1_300_000);
  expect(told).toEqual([{ type: 'everything' }, { type: 'everything' }]);
  bed.notifications.attach();
  await clock.advanceAsync(1_300_000);
  expect(told, 'the last one').toHaveLength(3);
});

test('one listener that fails does not affect the others', async () => {
  const others: RegistryChange[] = [];
  const cursed = bed.registry.onChange(() => {
    throw new Error('out of order');
  });
  const stop = bed.registry.onChange((change) => others.push(change));
  bed.notifications.deviceChanged('acme', 'd1');
  expect([told.length, others.length]).toEqual([1, 1]);
  expect(bed.log.lines.at(-1)).toMatchObject({ level: 'error' });
  cursed();
  stop();
  bed.notifications.deviceChanged('acme', 'd1');
  expect([told.length, others.length]).toEqual([2, 1]);
});

test('after it is closed nothing is reported', async () => {
  await bed.registry.close();
  bed.notifications.deviceChanged('acme', 'd1');
  bed.notifications.attach(false);
  await settled();
  expect(told).toEqual([]);
});

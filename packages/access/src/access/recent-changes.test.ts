import { deviceRef, type TenantId } from '@rollcall/core';
import type { RegistryChange, Tenant } from '@rollcall/core/registry';
import { expect, test } from 'vitest';
import type { AuthenticatedDevice } from '../authentication-result.ts';
import { createRecentChanges } from './recent-changes.ts';

const acme = 'acme' as TenantId;
const tenant: Tenant = { id: acme, enabled: true, defaults: {}, limits: {} };
const identity: AuthenticatedDevice = {
  device: deviceRef('acme', 'd1'),
  authId: 'a1',
  tenant,
  proof: { type: 'psk', authId: 'a1', secretKey: 'k' },
};
const ofAuthId = (authId: string, more: object = {}): RegistryChange => ({
  type: 'credentials',
  tenant: acme,
  credentialsType: 'psk',
  authId,
  ...more,
});

test.each<readonly [string, boolean, RegistryChange]>([
  ['its tenant', true, { type: 'tenant', tenant: acme }],
  ['another tenant', false, { type: 'tenant', tenant: 'umbrella' as TenantId }],
  ['everything', true, { type: 'everything' }],
  ['it', true, { type: 'device', device: identity.device }],
  ['another device', false, { type: 'device', device: deviceRef('acme', 'd2') }],
  ['its credentials', true, ofAuthId('a1')],
  ['credentials of another type', false, ofAuthId('a1', { credentialsType: 'x509-cert' })],
  ['credentials of another device', false, ofAuthId('d1')],
  ['credentials of another tenant', false, ofAuthId('a1', { tenant: 'umbrella' })],
])('a change of %s concerns a device: %j', (_of, concerns, change) => {
  const changes = createRecentChanges();
  changes.add(change);
  expect(changes.concern(identity, 0)).toBe(concerns);
  expect(changes.concern(identity, changes.count), 'not if it was looked up since').toBe(false);
});

test('who was looked up before the changes that are remembered is taken to be concerned', () => {
  const changes = createRecentChanges();
  for (let other = 0; other < 1_000; other++) changes.add(ofAuthId(`other-${other}`));
  expect(changes.concern(identity, 0)).toBe(false);
  for (let again = 0; again < 5_000; again++) changes.add(ofAuthId('other-0'));
  expect(changes.concern(identity, 0), 'the same again takes no room').toBe(false);
  changes.add(ofAuthId('one-more'));
  expect(changes.concern(identity, 0)).toBe(true);
  expect(changes.concern(identity, 2)).toBe(false);
});

import { expect, test } from 'vitest';
import { registryCheckText } from './registry-check-text.ts';

const none = { added: 0, changed: 0, removed: 0 };
const counts = { tenant: 1, device: 71, 'hashed-password': 70, psk: 0, 'x509-cert': 0, rpk: 2 };

test('the check of a valid file is written as lines: what is in it, and what it changes', () => {
  const changes = {
    tenant: none,
    device: { added: 1, changed: 0, removed: 30 },
    'hashed-password': { ...none, removed: 30 },
    psk: none,
    'x509-cert': none,
    rpk: { ...none, added: 2 },
  };
  const held = { devices: 30, tenants: 0, first: ['acme/d70', '…'] };
  expect(
    registryCheckText({ status: 'valid', counts, warnings: ['beware'], reload: { changes, held } }),
  ).toEqual([
    'warning: beware',
    'tenants: 1, as before',
    'devices: 71, 1 added, 30 removed',
    'passwords (hashed-password): 70, 30 removed',
    'keys (psk): 0, as before',
    'certificates (x509-cert): 0, as before',
    'public keys (rpk): 2, 2 added',
    expect.stringMatching(/^held back: 30 devices are missing: acme\/d70, …; they stay/),
    'an adapter takes this file',
  ]);
  expect(registryCheckText({ status: 'valid', counts, warnings: [] })).toContain('devices: 71');
});

test('the check of an invalid file is written as its problems', () => {
  expect(registryCheckText({ status: 'invalid', problems: ['a: b'] })).toEqual([
    'a: b',
    'an adapter does not take this file',
  ]);
});

import { expect, test } from 'vitest';
import { disconnectReasons, isExactlyKnown, type DisconnectReason } from './disconnect-reason.ts';

test('only a goodbye, and a shutdown in order, are clean', () => {
  const clean = Object.entries(disconnectReasons).filter(([, traits]) => traits.clean);
  expect(clean.map(([reason]) => reason)).toEqual(['client-closed', 'adapter-shutdown']);
});

test('the end is known exactly where the adapter saw it or caused it, and never where the network did', () => {
  const reasons = Object.keys(disconnectReasons) as DisconnectReason[];
  const exact = reasons.filter((reason) => isExactlyKnown(reason));
  expect(exact).toEqual([
    'client-closed',
    'protocol-error',
    'credentials-expired',
    'access-revoked',
    'limit-exceeded',
    'upload-refused',
    'adapter-shutdown',
    'unspecified',
  ]);
  for (const reason of exact) expect(disconnectReasons[reason].initiator).not.toBe('network');
});

import { X509Certificate } from 'node:crypto';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { expect, test, vi } from 'vitest';
import { KnownSignatures } from './known-signatures.ts';

const keyOf = ({ der }: { readonly der: Uint8Array }): Uint8Array =>
  new X509Certificate(der).publicKey.export({ format: 'der', type: 'spki' });

const acme = createCertificateAuthority('CN=acme');
const namesake = createCertificateAuthority('CN=acme');
const acmeKey = keyOf(acme);

/** A certificate that counts how often its signature is verified. */
function aCertificate(authority = acme, subject = 'CN=thermostat-7') {
  const certificate = new X509Certificate(authority.issue({ subject }).der);
  return { certificate, verify: vi.spyOn(certificate, 'verify') };
}

/** The same, as another login parses it. */
function parsedAgain({ raw }: X509Certificate) {
  const certificate = new X509Certificate(raw);
  return { certificate, verify: vi.spyOn(certificate, 'verify') };
}

test('a signature that was good is not verified again', () => {
  const signatures = new KnownSignatures();
  const first = aCertificate();
  const again = parsedAgain(first.certificate);
  expect(signatures.isSignedBy(first.certificate, acmeKey)).toBe(true);
  expect(signatures.isSignedBy(again.certificate, acmeKey)).toBe(true);
  expect([first.verify.mock.calls.length, again.verify.mock.calls.length]).toEqual([1, 0]);
});

test('a good signature says nothing of another key, nor of another certificate', () => {
  const signatures = new KnownSignatures();
  const { certificate } = aCertificate();
  expect(signatures.isSignedBy(certificate, acmeKey)).toBe(true);
  expect(signatures.isSignedBy(certificate, keyOf(namesake))).toBe(false);
  expect(signatures.isSignedBy(aCertificate(namesake).certificate, acmeKey)).toBe(false);
});

test('any changed bit of a certificate whose signature was good makes it another one', () => {
  const signatures = new KnownSignatures();
  const { certificate } = aCertificate();
  expect(signatures.isSignedBy(certificate, acmeKey)).toBe(true);
  const { raw } = certificate;
  for (let bit = 0; bit < 8 * raw.length; bit++) {
    const changed = Buffer.from(raw);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(isGood(signatures, changed), `bit ${bit}`).toBe(isGood(new KnownSignatures(), changed));
  }
});

function isGood(signatures: KnownSignatures, der: Buffer): boolean {
  try {
    return signatures.isSignedBy(new X509Certificate(der), acmeKey);
  } catch {
    return false;
  }
}

test('a signature that was not good is verified each time', () => {
  const signatures = new KnownSignatures();
  const { certificate, verify } = aCertificate(namesake);
  expect([1, 2].map(() => signatures.isSignedBy(certificate, acmeKey))).toEqual([false, false]);
  expect(verify).toHaveBeenCalledTimes(2);
});

test('signatures that were not asked about for a whole generation give way', () => {
  const signatures = new KnownSignatures(1);
  const [a, b, c] = [aCertificate(acme, 'CN=a'), aCertificate(acme, 'CN=b'), aCertificate(acme, 'CN=c')];
  for (const { certificate } of [a, b, a, c, a, b]) signatures.isSignedBy(certificate, acmeKey);
  expect([a, b, c].map(({ verify }) => verify.mock.calls.length)).toEqual([1, 2, 1]);
});

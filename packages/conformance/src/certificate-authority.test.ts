import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCertificateAuthority } from './certificate-authority.ts';

test('a certificate that an authority issues is verified by OpenSSL against the authority', () => {
  const authority = createCertificateAuthority('CN=ca,O=Acme');
  const issued = authority.issue({
    subject: 'CN=device-1,OU=Things,O=Acme',
    notBefore: Date.UTC(2026, 0, 1),
    notAfter: Date.UTC(2026, 11, 31),
    extendedKeyUsages: ['1.3.6.1.5.5.7.3.2'],
  });
  const ca = new X509Certificate(authority.cert);
  const certificate = new X509Certificate(issued.cert);
  expect(ca.ca).toBe(true);
  expect(certificate.checkIssued(ca)).toBe(true);
  expect(certificate.verify(ca.publicKey)).toBe(true);
  expect(certificate).toMatchObject({
    ca: false,
    subject: 'O=Acme\nOU=Things\nCN=device-1',
    keyUsage: ['1.3.6.1.5.5.7.3.2'],
    validTo: 'Dec 31 00:00:00 2026 GMT',
  });
  expect(certificate.publicKey.export({ type: 'spki', format: 'der' })).toEqual(issued.publicKey);
});

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { FollowedSet } from '@rollcall/file-follower';
import { ManualClock } from '@rollcall/conformance';
import { createCertificateAuthority, type IssuedCertificate } from '@rollcall/conformance/certificates';
import { expect, test } from 'vitest';
import { followServerCertificate } from './server-certificate.ts';

const authority = createCertificateAuthority('CN=CA');
const server = (facts = {}): IssuedCertificate => authority.issue({ subject: 'CN=localhost', ...facts });

test('new handshakes use the certificate that is in the files, unless DTLS cannot use it', () => {
  const first = server();
  let set: FollowedSet | undefined;
  const current = followServerCertificate(
    { key: createPrivateKey(first.key), chain: [new X509Certificate(first.cert).raw] },
    { key: 'tls.key', cert: 'tls.crt' },
    { clock: new ManualClock(), followFiles: (followed) => (set = followed) },
  );
  expect(set).toMatchObject({ name: 'coaps', files: ['tls.key', 'tls.crt'] });
  expect(set?.use([first.key, first.cert])).toEqual({ changed: false });
  const next = server();
  expect(set?.use([next.key, next.cert])).toMatchObject({ changed: true });
  expect(current().chain).toEqual([Buffer.from(next.der)]);
  const curve = server({ namedCurve: 'P-521' });
  expect(() => set?.use([curve.key, curve.cert])).toThrow('must be an ECDSA key on the curve P-256 or P-384');
  expect(() => set?.use([first.key, next.cert])).toThrow('is not that of the first certificate');
  const old = server({ notAfter: Date.parse('2025-01-01T00:00:00Z') });
  expect(() => set?.use([old.key, old.cert])).toThrow('has expired');
  expect(current().chain).toEqual([Buffer.from(next.der)]);
  const stronger = server({ namedCurve: 'P-384' });
  expect(set?.use([stronger.key, stronger.cert])).toMatchObject({ changed: true });
  expect(current().chain).toEqual([Buffer.from(stronger.der)]);
});

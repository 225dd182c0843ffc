import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { describe, expect, test } from 'vitest';
import { curveIdOfCertificate } from './certificate-curve.ts';
import { Malformed } from './malformed.ts';

const authority = createCertificateAuthority('CN=devices');
const ids = { 'P-256': '2a8648ce3d030107', 'P-384': '2b81040022' } as const;

function outcomeOf(der: Buffer): string | undefined {
  try {
    return curveIdOfCertificate(der);
  } catch (error) {
    if (error instanceof Malformed) return 'malformed';
    throw error;
  }
}

describe('the curve of the key in a certificate', () => {
  test.each(Object.entries(ids))('of a certificate on %s it is found', (namedCurve, id) => {
    const { der } = authority.issue({ subject: 'CN=device', namedCurve: namedCurve as keyof typeof ids });
    expect(curveIdOfCertificate(Buffer.from(der))).toBe(id);
  });

  test('a key of another kind has none, wherever else the certificate names a curve', () => {
    const der = Buffer.from(authority.issue({ subject: 'CN=device' }).der);
    // rsaEncryption has as many bytes as id-ecPublicKey, and two more.
    const kind = der.indexOf(Buffer.from('06072a8648ce3d0201', 'hex'));
    der[kind + 8] = 2;
    expect(curveIdOfCertificate(der)).toBeUndefined();
  });

  test('a certificate without a version is read too', () => {
    const der = Buffer.from(authority.issue({ subject: 'CN=device' }).der);
    const version = der.indexOf(Buffer.from('a003020102', 'hex'));
    const without = Buffer.concat([der.subarray(0, version), der.subarray(version + 5)]);
    without.writeUInt16BE(der.readUInt16BE(2) - 5, 2);
    without.writeUInt16BE(der.readUInt16BE(6) - 5, 6);
    expect(curveIdOfCertificate(without)).toBe(ids['P-256']);
  });

  test('what is cut off anywhere before the key is malformed', () => {
    const der = Buffer.from(authority.issue({ subject: 'CN=device' }).der);
    for (let length = 0; length < der.length; length++)
      expect(outcomeOf(der.subarray(0, length))).toBe('malformed');
  });

  test('changed bytes give a curve, none, or a certificate that is malformed', () => {
    const der = Buffer.from(authority.issue({ subject: 'CN=device' }).der);
    for (let at = 0; at < der.length; at++)
      for (const bit of [0x01, 0x80]) {
        const changed = Buffer.from(der);
        changed[at] = (changed[at] ?? 0) ^ bit;
        expect(() => outcomeOf(changed)).not.toThrow();
      }
  });
});

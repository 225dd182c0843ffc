import { describe, expect, test } from 'vitest';
import { cipherSuiteNames, cipherSuites } from '../crypto/cipher-suite.ts';
import type { CurveName } from '../crypto/named-curve.ts';
import type { ClientHello } from '../wire/client-hello.ts';
import { extensionType } from '../wire/extension-type.ts';
import { dtls12 } from '../wire/protocol-version.ts';
import { ecdsaSha256 } from '../wire/signature-scheme.ts';
import { uint16, vector16 } from '../wire/vectors.ts';
import { negotiate } from './negotiate.ts';

/** As many as a ClientHello of 4 kB has room for, beside as many groups. */
const many = 1_007;
const p256 = 0x00_17;
const p384 = 0x00_18;
const unknownGroup = 0x01_00;

class CountedExtensions extends Map<number, Buffer> {
  readonly reads = new Map<number, number>();

  override get(type: number): Buffer | undefined {
    this.reads.set(type, (this.reads.get(type) ?? 0) + 1);
    return super.get(type);
  }
}

function helloWith(
  suites: readonly number[],
  groups: readonly number[],
): ClientHello & { readonly extensions: CountedExtensions } {
  const list = (values: readonly number[]): Buffer => vector16(Buffer.concat(values.map(uint16)));
  return {
    version: dtls12,
    random: Buffer.alloc(32),
    sessionId: Buffer.alloc(0),
    cookie: Buffer.alloc(20),
    cipherSuites: suites,
    compressionMethods: Buffer.alloc(1),
    extensions: new CountedExtensions([
      [extensionType.supportedGroups, list(groups)],
      [extensionType.signatureAlgorithms, list([ecdsaSha256])],
    ]),
  };
}

function offerWith(certificateCurve: CurveName | undefined): Parameters<typeof negotiate>[1] {
  return { cipherSuites: cipherSuiteNames, connectionIds: false, certificateCurve };
}

describe('what a ClientHello lists is read once, however many cipher suites it has', () => {
  const repeated = (name: keyof typeof cipherSuites): readonly number[] =>
    Array.from({ length: many }, () => cipherSuites[name].id);
  const unknown = Array.from({ length: many - 1 }, () => unknownGroup);

  test.each([
    [
      'ECDHE_PSK, and no curve that is known',
      repeated('TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256'),
      [...unknown, unknownGroup],
      undefined,
    ],
    [
      'ECDHE_PSK, and the curve is the last one',
      repeated('TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256'),
      [...unknown, p384],
      undefined,
    ],
    [
      'certificates, and not the curve of ours',
      repeated('TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'),
      [...unknown, p384],
      'P-256',
    ],
    [
      'certificates, and the curve is the last one',
      repeated('TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'),
      [...unknown, p256],
      'P-256',
    ],
    [
      'all suites again and again',
      Array.from(
        { length: many },
        (_, i) => Object.values(cipherSuites)[i % cipherSuiteNames.length]?.id ?? 0,
      ),
      [...unknown, p384],
      'P-256',
    ],
  ] as const)('of one with %s', (_, suites, groups, certificateCurve) => {
    const hello = helloWith(suites, groups);
    negotiate(hello, offerWith(certificateCurve));
    for (const type of [extensionType.supportedGroups, extensionType.signatureAlgorithms])
      expect(hello.extensions.reads.get(type) ?? 0).toBeLessThanOrEqual(1);
  });

  test('a suite that comes again changes nothing of what is chosen', () => {
    const { TLS_PSK_WITH_AES_128_CBC_SHA256: cbc, TLS_PSK_WITH_AES_128_CCM: ccm } = cipherSuites;
    const hello = helloWith([cbc.id, cbc.id, 0, ccm.id, cbc.id, ccm.id], []);
    expect(negotiate(hello, offerWith(undefined))).toMatchObject({
      cipherSuite: 'TLS_PSK_WITH_AES_128_CCM',
      curve: undefined,
    });
    expect(hello.extensions.reads.get(extensionType.supportedGroups)).toBeUndefined();
  });
});

import { generateKeyPairSync } from 'node:crypto';
import { ManualClock } from '@rollcall/conformance';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { describe, expect, test } from 'vitest';
import { proofOf } from '../testing/test-bed.ts';
import type { DtlsServerOptions } from './options.ts';
import { settingsFrom } from './settings.ts';

const certificate = proofOf(createCertificateAuthority('CN=adapter'));
const base: DtlsServerOptions<string> = {
  clock: new ManualClock(),
  send() {},
  onOpen() {},
  onMessage() {},
  onClose() {},
};
const findPsk = async (): Promise<undefined> => undefined;
const verifyCertificate = async (): Promise<undefined> => undefined;

describe('options', () => {
  test.each([
    ['options by which no client can prove who it is', {}],
    ['a certificate without verifyCertificate', { findPsk, certificate }],
    ['verifyCertificate without a certificate', { findPsk, verifyCertificate }],
    [
      'a key that is on neither P-256 nor P-384',
      { verifyCertificate, certificate: { ...certificate, key: generateKeyPairSync('ed25519').privateKey } },
    ],
    ['connection ids of three bytes', { findPsk, connectionIdBytes: 3 }],
    ['connection ids of 256 bytes', { findPsk, connectionIdBytes: 256 }],
    ['datagrams of 255 bytes', { findPsk, maxDatagramBytes: 255 }],
  ])('createDtlsServer refuses %s', (_, options) => {
    expect(() => settingsFrom({ ...base, ...options })).toThrow(TypeError);
  });

  test('the server offers the suites that its credentials allow, and CBC only where it is named', () => {
    const families = (options: Partial<DtlsServerOptions<string>>): readonly string[] =>
      settingsFrom({ ...base, ...options }).cipherSuites.map((name) =>
        name.replace(/^TLS_|_WITH.*AES_128/g, ''),
      );
    expect(families({ findPsk })).toEqual([
      ...['PSK_CCM_8', 'PSK_CCM', 'PSK_GCM_SHA256'],
      ...['ECDHE_PSK_CCM_8_SHA256', 'ECDHE_PSK_CCM_SHA256', 'ECDHE_PSK_GCM_SHA256'],
    ]);
    expect(families({ certificate, verifyCertificate })).toEqual([
      ...['ECDHE_ECDSA_CCM_8', 'ECDHE_ECDSA_CCM', 'ECDHE_ECDSA_GCM_SHA256'],
    ]);
    expect(families({ findPsk, cipherSuites: ['TLS_PSK_WITH_AES_128_CBC_SHA256'] })).toEqual([
      'PSK_CBC_SHA256',
    ]);
  });
});

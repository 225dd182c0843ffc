import { sign, type KeyObject } from 'node:crypto';
import type { KeyExchange } from '../crypto/cipher-suite.ts';
import { createEphemeralKey, type CurvePoint } from '../crypto/ecdhe.ts';
import { pskPremaster } from '../crypto/key-schedule.ts';
import { ecdsaSha256 } from '../wire/signature-scheme.ts';
import { uint16, vector16 } from '../wire/vectors.ts';
import type { DtlsClientOptions } from './client-options.ts';

// The bodies of what a client answers to the server's first flight.

const empty = Buffer.alloc(0);

export interface KeyExchangeAnswer {
  /** Of the ClientKeyExchange. */
  readonly body: Buffer;
  readonly premaster: Buffer;
}

/** @param serverPoint where ECDHE is done. */
export function answerKeyExchange(
  keyExchange: KeyExchange,
  psk: DtlsClientOptions['psk'],
  serverPoint: CurvePoint | undefined,
): KeyExchangeAnswer {
  const withCertificates = keyExchange === 'ecdhe_ecdsa';
  const ephemeral = serverPoint && createEphemeralKey(serverPoint.curve);
  const shared = serverPoint && ephemeral?.agree(serverPoint.point);
  const identity = withCertificates ? [] : [vector16(psk?.identity ?? empty)];
  return {
    body: Buffer.concat([...identity, ...(ephemeral ? [ephemeral.point] : [])]),
    premaster: withCertificates && shared ? shared : pskPremaster(psk?.secret ?? empty, shared),
  };
}

/** A CertificateVerify: proves that the client holds the key of its certificate. */
export function certificateVerify(transcript: readonly Buffer[], key: KeyObject): Buffer {
  const signature = sign('sha256', Buffer.concat(transcript), key);
  return Buffer.concat([uint16(ecdsaSha256), vector16(signature)]);
}

import { verify, X509Certificate, type KeyObject } from 'node:crypto';
import type { KeyExchange } from '../crypto/cipher-suite.ts';
import { curveOfCertificate } from '../crypto/named-curve.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { Malformed } from '../wire/malformed.ts';
import { hashOf } from '../wire/signature-scheme.ts';

// Parses what a client sends after the ServerHello.

const maxChain = 8;

/** The certificates as DER, the client's own first; copies. @throws Malformed */
export function readCertificates(body: Buffer): readonly Buffer[] {
  const reader = new ByteReader(body);
  const list = new ByteReader(reader.vector24());
  reader.end();
  const chain: Buffer[] = [];
  while (list.left > 0) {
    if (chain.length === maxChain) throw new Malformed('too many certificates');
    chain.push(Buffer.from(list.vector24()));
  }
  return chain;
}

export interface ClientKeyExchange {
  /** Of the pre-shared key; empty where there is none. */
  readonly identity: Buffer;
  /** The client's point; empty where no ECDHE is done. */
  readonly point: Buffer;
}

/** RFC 4279 §2, RFC 5489 §2, RFC 8422 §5.7. @throws Malformed */
export function readClientKeyExchange(body: Buffer, keyExchange: KeyExchange): ClientKeyExchange {
  const reader = new ByteReader(body);
  const identity = keyExchange === 'ecdhe_ecdsa' ? Buffer.alloc(0) : Buffer.from(reader.vector16());
  const point = keyExchange === 'psk' ? Buffer.alloc(0) : reader.vector8();
  reader.end();
  return { identity, point };
}

/** Parses the client's own certificate; `undefined` where it is none, or its key is none that the server supports. */
export function parseCertificate(certificate: Buffer | undefined): X509Certificate | undefined {
  if (certificate === undefined) return undefined;
  try {
    const parsed = curveOfCertificate(certificate) && new X509Certificate(certificate);
    // Node.js reads the key when it is asked for, and throws where it is no point of its curve.
    return parsed?.publicKey && parsed;
  } catch {
    return undefined;
  }
}

/** What a CertificateVerify says. */
export interface Proof {
  readonly scheme: number;
  readonly signature: Buffer;
}

/** RFC 5246 §7.4.8. @throws Malformed */
export function readProof(body: Buffer): Proof {
  const reader = new ByteReader(body);
  const scheme = reader.uint16();
  const signature = reader.vector16();
  reader.end();
  return { scheme, signature };
}

/** Whether the client holds the key of its certificate. */
export function isProof(
  { scheme, signature }: Proof,
  key: KeyObject,
  transcript: readonly Buffer[],
): boolean {
  const hash = hashOf(scheme);
  return hash !== undefined && verify(hash, Buffer.concat(transcript), key, signature);
}

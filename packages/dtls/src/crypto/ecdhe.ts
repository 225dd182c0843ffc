import { createECDH } from 'node:crypto';
import { Malformed } from '../wire/malformed.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import { uint16, vector8 } from '../wire/vectors.ts';

/** The curve that every profile for small devices asks for (RFC 7925 §4.4). */
export const secp256r1 = 23;
/** RFC 8422 §5.4. */
const namedCurve = 3;
const uncompressed = 4;
const pointBytes = 65;

export interface EphemeralKey {
  /** ServerECDHParams (RFC 8422 §5.4). */
  readonly parameters: Buffer;
  /** ECPoint (RFC 8422 §5.7). */
  readonly point: Buffer;
  /** @throws Malformed where the point is none of the curve. */
  agree(point: Buffer): Buffer;
}

/** A key pair for one handshake. */
export function createEphemeralKey(): EphemeralKey {
  const own = createECDH('prime256v1');
  const point = vector8(own.generateKeys());
  return {
    parameters: Buffer.concat([Buffer.from([namedCurve]), uint16(secp256r1), point]),
    point,
    agree(peer) {
      if (peer.length !== pointBytes || peer[0] !== uncompressed)
        throw new Malformed('not an uncompressed point');
      try {
        return own.computeSecret(peer);
      } catch {
        throw new Malformed('not a point of the curve');
      }
    },
  };
}

/** The server's point from its parameters. @throws Malformed */
export function readEcdhParameters(reader: ByteReader): Buffer {
  if (reader.uint8() !== namedCurve || reader.uint16() !== secp256r1) throw new Malformed('another curve');
  return reader.vector8();
}

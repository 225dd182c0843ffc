import { createECDH } from 'node:crypto';
import { Malformed } from '../wire/malformed.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import { uint16, vector8 } from '../wire/vectors.ts';
import { curveNames, namedCurves, type CurveName } from './named-curve.ts';

/** RFC 8422 §5.4. */
const namedCurve = 3;
const uncompressed = 4;

export interface EphemeralKey {
  /** ServerECDHParams (RFC 8422 §5.4). */
  readonly parameters: Buffer;
  /** ECPoint (RFC 8422 §5.7). */
  readonly point: Buffer;
  /** @throws Malformed if the point is not on the curve. */
  agree(point: Buffer): Buffer;
}

/** A key pair for one handshake. */
export function createEphemeralKey(curve: CurveName): EphemeralKey {
  const { id, opensslName, pointBytes } = namedCurves[curve];
  const own = createECDH(opensslName);
  const point = vector8(own.generateKeys());
  return {
    parameters: Buffer.concat([Buffer.from([namedCurve]), uint16(id), point]),
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

/** The other side's half of an ECDHE. */
export interface CurvePoint {
  readonly curve: CurveName;
  readonly point: Buffer;
}

/** The server's point from its parameters. @throws Malformed */
export function readEcdhParameters(reader: ByteReader): CurvePoint {
  if (reader.uint8() !== namedCurve) throw new Malformed('not a named curve');
  const id = reader.uint16();
  const curve = curveNames.find((name) => namedCurves[name].id === id);
  if (curve === undefined) throw new Malformed('another curve');
  return { curve, point: reader.vector8() };
}

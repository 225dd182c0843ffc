import { verify, X509Certificate } from 'node:crypto';
import { cipherSuiteNames, cipherSuites, type CipherSuiteName } from '../crypto/cipher-suite.ts';
import { readEcdhParameters, type CurvePoint } from '../crypto/ecdhe.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { extensionType } from '../wire/extension-type.ts';
import { Malformed } from '../wire/malformed.ts';
import { hashOf } from '../wire/signature-scheme.ts';

export interface ServerHello {
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly cipherSuite: CipherSuiteName;
  readonly extendedMasterSecret: boolean;
  readonly encryptThenMac: boolean;
  /** What to put into our records, maybe empty. */
  readonly connectionId: Buffer | undefined;
}

export function readServerHello(body: Buffer): ServerHello {
  const reader = new ByteReader(body);
  reader.uint16();
  const random = Buffer.from(reader.bytes(32));
  const sessionId = Buffer.from(reader.vector8());
  const id = reader.uint16();
  const cipherSuite = cipherSuiteNames.find((name) => cipherSuites[name].id === id);
  if (cipherSuite === undefined || reader.uint8() !== 0)
    throw new Malformed('something that was not offered');
  const extensions = new Map<number, Buffer>();
  if (reader.left > 0) {
    const list = new ByteReader(reader.vector16());
    while (list.left > 0) extensions.set(list.uint16(), list.vector16());
  }
  reader.end();
  const connectionId = extensions.get(extensionType.connectionId);
  return {
    random,
    sessionId,
    cipherSuite,
    extendedMasterSecret: extensions.has(extensionType.extendedMasterSecret),
    encryptThenMac: extensions.has(extensionType.encryptThenMac),
    connectionId: connectionId && new ByteReader(connectionId).vector8(),
  };
}

/** The server's certificate. Whether to trust it is not decided here. */
export function readServerCertificate(body: Buffer): X509Certificate {
  return new X509Certificate(new ByteReader(new ByteReader(body).vector24()).vector24());
}

/** The server's point, signed where it has a certificate; `undefined` where the signature does not fit. */
export function readServerKeyExchange(
  body: Buffer,
  certificate: X509Certificate | undefined,
  randoms: Buffer,
): CurvePoint | undefined {
  const reader = new ByteReader(body);
  if (!certificate) reader.vector16();
  const before = reader.left;
  const point = readEcdhParameters(reader);
  if (!certificate) return point;
  const parameters = body.subarray(body.length - before, body.length - reader.left);
  const isSigned = verify(
    hashOf(reader.uint16()),
    Buffer.concat([randoms, parameters]),
    certificate.publicKey,
    reader.vector16(),
  );
  return isSigned ? point : undefined;
}

import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface TestCertificate {
  readonly subject: string;
  readonly der: Buffer;
  readonly key: KeyObject;
}

export interface TestCertificateOptions {
  readonly subject: string;
  /** Itself where there is none. */
  readonly issuer?: TestCertificate;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly isAuthority?: boolean;
  readonly namedCurve?: 'P-256' | 'P-384' | 'P-521';
}

const sequence = 0x30;
const set = 0x31;

/** An X.509 certificate made for one test: Node.js reads them, and does not make them (RFC 5280 §4.1). */
export function createTestCertificate(options: TestCertificateOptions): TestCertificate {
  const { subject, issuer, isAuthority = false, namedCurve = 'P-256' } = options;
  const { notBefore = new Date('2020-01-01'), notAfter = new Date('2049-01-01') } = options;
  const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const ecdsaWithSha256 = der(sequence, oid('2a8648ce3d040302'));
  const basicConstraints = der(
    sequence,
    oid('551d13'),
    der(0x01, Buffer.from([0xff])),
    der(0x04, der(sequence, ...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : []))),
  );
  const body = der(
    sequence,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    ecdsaWithSha256,
    name(issuer?.subject ?? subject),
    der(sequence, time(notBefore), time(notAfter)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(sequence, basicConstraints)),
  );
  const signature = sign('sha256', body, issuer?.key ?? key);
  const whole = der(sequence, body, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return { subject, der: whole, key };
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const short =
    length < 0x80 ? [length] : length < 0x1_00 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...short]), content]);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function name(commonName: string): Buffer {
  return der(sequence, der(set, der(sequence, oid('550403'), der(0x0c, Buffer.from(commonName, 'utf8')))));
}

/** UTCTime: two digits of the year will do until 2049. */
function time(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(2);
  return der(0x17, Buffer.from(digits, 'latin1'));
}

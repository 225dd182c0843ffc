import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { contentType } from '../wire/content-type.ts';
import { readRecords, type DtlsRecord } from '../wire/read-records.ts';
import { AeadProtection } from './aead-protection.ts';
import { createCbcProtection } from './cbc-protection.ts';
import type { Protection } from './protection.ts';
import { SecureRecords } from './secure-records.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

/** AES-CCM built on AES alone, word by word from RFC 3610 §2: the records are compared with it. */
function ccmByHand(key: Buffer, nonce: Buffer, aad: Buffer, plaintext: Buffer, tagBytes: number): Buffer {
  const aes = (block: Buffer): Buffer =>
    createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block);
  const xor = (one: Buffer, other: Buffer): Buffer =>
    Buffer.from(one.map((byte, i) => byte ^ (other[i] ?? 0)));
  const padded = (part: Buffer): Buffer =>
    Buffer.concat([part, Buffer.alloc((16 - (part.length % 16)) % 16)]);
  const lengthBytes = 15 - nonce.length;
  const counted = (flags: number, count: number): Buffer => {
    const block = Buffer.concat([Buffer.from([flags]), nonce, Buffer.alloc(lengthBytes)]);
    block.writeUIntBE(count, 16 - lengthBytes, lengthBytes);
    return block;
  };
  const flags = (aad.length > 0 ? 64 : 0) + 8 * ((tagBytes - 2) / 2) + lengthBytes - 1;
  const aadBlocks = padded(Buffer.concat([Buffer.from([aad.length >> 8, aad.length & 0xff]), aad]));
  const blocks = Buffer.concat([counted(flags, plaintext.length), aadBlocks, padded(plaintext)]);
  let mac: Buffer = Buffer.alloc(16);
  for (let at = 0; at < blocks.length; at += 16) mac = aes(xor(mac, blocks.subarray(at, at + 16)));
  const stream = Buffer.concat(
    Array.from({ length: Math.ceil(plaintext.length / 16) }, (_, i) => aes(counted(lengthBytes - 1, i + 1))),
  );
  const tag = xor(mac, aes(counted(lengthBytes - 1, 0))).subarray(0, tagBytes);
  return Buffer.concat([xor(plaintext, stream), tag]);
}

const key = Buffer.from('0123456789abcdef');
const salt = bytes('a1a2a3a4');
const none = Buffer.alloc(0);

const protections: Record<string, () => Protection> = {
  CCM_8: () => new AeadProtection('ccm', 8, key, salt),
  CCM: () => new AeadProtection('ccm', 16, key, salt),
  GCM: () => new AeadProtection('gcm', 16, key, salt),
  CBC: () => createCbcProtection({ key, macKey: Buffer.alloc(32, 5), encryptThenMac: false, randomBytes }),
  'CBC, encrypt-then-MAC': () =>
    createCbcProtection({ key, macKey: Buffer.alloc(32, 5), encryptThenMac: true, randomBytes }),
};

function pair(
  protection: () => Protection,
  connectionId: Buffer,
): { from: SecureRecords; to: SecureRecords } {
  const side = (read: Buffer, write: Buffer): SecureRecords =>
    new SecureRecords({
      read: protection(),
      write: protection(),
      readConnectionId: read,
      writeConnectionId: write,
    });
  return { from: side(none, connectionId), to: side(connectionId, none) };
}

function only(datagram: Buffer, connectionIdBytes = 0): DtlsRecord {
  const [record] = readRecords(datagram, connectionIdBytes);
  if (!record) throw new Error('not a record');
  return record;
}

describe('AES-CCM by hand', () => {
  test('AES-CCM, written out in this test, gives packet vector 1 of RFC 3610', () => {
    const given = ccmByHand(
      bytes('c0c1c2c3c4c5c6c7c8c9cacbcccdcecf'),
      bytes('00000003020100a0a1a2a3a4a5'),
      bytes('0001020304050607'),
      bytes('08090a0b0c0d0e0f101112131415161718191a1b1c1d1e'),
      8,
    );
    expect(given).toEqual(bytes('588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0'));
  });

  test('AES-CCM, written out in this test, gives example 3 of NIST SP 800-38C, whose nonce is as long as in TLS', () => {
    const given = ccmByHand(
      bytes('404142434445464748494a4b4c4d4e4f'),
      bytes('101112131415161718191a1b'),
      bytes('000102030405060708090a0b0c0d0e0f10111213'),
      bytes('202122232425262728292a2b2c2d2e2f3031323334353637'),
      8,
    );
    expect(given).toEqual(bytes('e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951'));
  });
});

describe.each([8, 16])('a CCM record with a tag of %d bytes', (tagBytes) => {
  const protection = (): Protection => new AeadProtection('ccm', tagBytes, key, salt);
  const plaintext = Buffer.from('21.5 degrees, and falling');

  test('a record is laid out as RFC 6347 §4.1 and RFC 6655 §3 say', () => {
    const { from } = pair(protection, none);
    from.seal(contentType.applicationData, plaintext);
    const record = from.seal(contentType.applicationData, plaintext);
    const sequence = bytes('0001 000000000001');
    const aad = Buffer.concat([sequence, bytes('17 fefd 0019')]);
    const sealed = ccmByHand(key, Buffer.concat([salt, sequence]), aad, plaintext, tagBytes);
    const length = Buffer.from([0, 8 + sealed.length]);
    expect(record).toEqual(Buffer.concat([bytes('17 fefd'), sequence, length, sequence, sealed]));
  });

  test('a record with a connection id is laid out as RFC 9146 §4 and §5.3 say', () => {
    const id = bytes('c0ffee00');
    const record = pair(protection, id).from.seal(contentType.applicationData, plaintext);
    const sequence = bytes('0001 000000000000');
    const aad = Buffer.concat([bytes('ffffffffffffffff 19 04 19 fefd'), sequence, id, bytes('001a')]);
    const inner = Buffer.concat([plaintext, bytes('17')]);
    const sealed = ccmByHand(key, Buffer.concat([salt, sequence]), aad, inner, tagBytes);
    const length = Buffer.from([0, 8 + sealed.length]);
    expect(record).toEqual(Buffer.concat([bytes('19 fefd'), sequence, id, length, sequence, sealed]));
  });
});

describe.each(Object.entries(protections))('records with %s', (_, protection) => {
  describe.each([
    ['without connection id', none],
    ['with a connection id', bytes('c0ffee00')],
  ])('%s', (__, id) => {
    test.each([0, 1, 15, 16, 17, 31, 100, 255, 300, 16_384])('a record carries %d bytes', (length) => {
      const { from, to } = pair(protection, id);
      const plaintext = Buffer.alloc(length, 'x');
      const opened = to.open(only(from.seal(contentType.applicationData, plaintext), id.length));
      expect(opened).toEqual({ type: contentType.applicationData, bytes: plaintext, isNewest: true });
    });

    test('a record is refused when any bit of it is changed', () => {
      const { from, to } = pair(protection, id);
      const sealed = from.seal(contentType.applicationData, Buffer.from('hello'));
      for (let bit = 0; bit < 8 * sealed.length; bit++) {
        const changed = Buffer.from(sealed);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        // The server does not check the version of a record (RFC 6347 §4.1), so a change of it is accepted.
        const isVersion = bit >> 3 === 1 || bit >> 3 === 2;
        for (const record of isVersion ? [] : readRecords(changed, id.length)) {
          const opened = record && record.epoch === 1 ? to.open(record) : undefined;
          expect(opened ?? 'not-authentic', `bit ${bit}`).toBe('not-authentic');
        }
      }
      expect(to.open(only(sealed, id.length))).toMatchObject({ bytes: Buffer.from('hello') });
    });

    test('a record is refused when it is cut short', () => {
      const { from, to } = pair(protection, id);
      const record = only(from.seal(contentType.applicationData, Buffer.from('hello')), id.length);
      for (let length = 0; length < record.fragment.length; length++)
        expect(to.open({ ...record, fragment: record.fragment.subarray(0, length) })).toBe('not-authentic');
    });

    test('a record is refused the second time', () => {
      const { from, to } = pair(protection, id);
      const record = only(from.seal(contentType.applicationData, Buffer.from('hello')), id.length);
      expect(to.open(record)).toMatchObject({ type: contentType.applicationData });
      expect(to.open(record)).toBe('replayed');
    });
  });
});

describe('CBC records, MAC-then-encrypt', () => {
  const macKey = Buffer.alloc(32, 5);
  const context = (): Buffer => bytes('0001 000000000000 17 fefd 0000');

  /** A record of these bytes: plaintext, MAC, and bytes that stand where the padding does. */
  function sealed(plaintext: Buffer, padding: Buffer): Buffer {
    const iv = Buffer.alloc(16, 9);
    const aad = context();
    aad.writeUInt16BE(plaintext.length, 11);
    const mac = createHmac('sha256', macKey).update(aad).update(plaintext).digest();
    const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
    return Buffer.concat([iv, cipher.update(Buffer.concat([plaintext, mac, padding]))]);
  }

  test.each([
    ['one byte of padding', 15, '00', true],
    ['sixteen bytes of padding', 16, '0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f', true],
    ['more than a block of padding', 15, '10'.repeat(17), true],
    ['as much padding as there may be', 0, 'ff'.repeat(256), true],
    ['a wrong byte of padding', 13, '000202', false],
    ['a padding length that does not fit its bytes', 15, '05', false],
    ['a padding length beyond the record', 15, 'ff', false],
  ])(
    'a record with %s is opened where the padding is right, and refused otherwise',
    (_, length, padding, isGood) => {
      const protection = createCbcProtection({ key, macKey, encryptThenMac: false, randomBytes });
      const plaintext = Buffer.alloc(length, 'x');
      const opened = protection.open(context(), sealed(plaintext, bytes(padding)));
      expect(opened).toEqual(isGood ? plaintext : undefined);
    },
  );
});

describe('connection ids', () => {
  test('zeros after the type are padding, and a record of zeros alone is malformed', () => {
    const id = bytes('c0ffee00');
    const { from, to } = pair(() => new AeadProtection('ccm', 8, key, salt), id);
    // A record's own type is appended before sealing: type 0 after "hello", its type and two zeros adds one more zero.
    const padded = from.seal(0, Buffer.concat([Buffer.from('hello'), bytes('17 00 00')]));
    expect(to.open(only(padded, 4))).toMatchObject({ type: 0x17, bytes: Buffer.from('hello') });
    expect(to.open(only(from.seal(0, bytes('0000')), 4))).toBe('malformed');
  });

  test('a record without a connection id is refused where one was agreed on, and the other way round', () => {
    const id = bytes('c0ffee00');
    const protection = (): Protection => new AeadProtection('ccm', 8, key, salt);
    const plain = pair(protection, none);
    const hidden = pair(protection, id);
    expect(hidden.to.open(only(plain.from.seal(23, Buffer.from('x'))))).toBe('not-authentic');
    expect(plain.to.open(only(hidden.from.seal(23, Buffer.from('x')), 4))).toBe('not-authentic');
  });
});

test('a record of more than 16 kB is not sealed', () => {
  const { from } = pair(() => new AeadProtection('ccm', 8, key, salt), none);
  expect(() => from.seal(contentType.applicationData, Buffer.alloc(16_385))).toThrow(RangeError);
});

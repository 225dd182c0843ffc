import { describe, expect, test } from 'vitest';
import { readRecords } from './read-records.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

const data = (length: number): Buffer => {
  const header = bytes('17 fefd 0001 000000000005 0000');
  header.writeUInt16BE(length, 11);
  return Buffer.concat([header, Buffer.alloc(length)]);
};

describe('the records of a datagram', () => {
  test('the records of a datagram are read one after the other', () => {
    const records = [
      ...readRecords(bytes('16 feff 0000 00000000000a 0002 aabb 17 fefd 0001 ffffffffffff 0001 cc'), 0),
    ];
    expect(records).toEqual([
      { type: 22, epoch: 0, sequence: 10, connectionId: Buffer.alloc(0), fragment: bytes('aabb') },
      { type: 23, epoch: 1, sequence: 2 ** 48 - 1, connectionId: Buffer.alloc(0), fragment: bytes('cc') },
    ]);
  });

  test('a connection id is read with the length that the caller names (RFC 9146 §4)', () => {
    expect([...readRecords(bytes('19 fefd 0001 000000000001 c0ffee 0001 dd'), 3)]).toEqual([
      { type: 25, epoch: 1, sequence: 1, connectionId: bytes('c0ffee'), fragment: bytes('dd') },
    ]);
  });

  test.each([
    ['a header that is cut', bytes('16 fefd 0000 000000000001 00')],
    ['a connection id that is cut', bytes('19 fefd 0001 000000000001 c0ff')],
    ['a length beyond the datagram', bytes('16 fefd 0000 000000000001 0002 aa')],
    ['another protocol', bytes('16 0303 0000 000000000001 0001 aa')],
    ['a record longer than any may be (RFC 5246 §6.2.3)', data(2 ** 14 + 2_049)],
  ])('reading ends before %s', (_, datagram) => {
    expect([...readRecords(Buffer.concat([data(1), datagram]), 3)].map((record) => record?.type)).toEqual([
      23,
      undefined,
    ]);
  });

  test('a record of the greatest length is read', () => {
    expect([...readRecords(data(2 ** 14 + 2_048), 0)][0]?.fragment).toHaveLength(18_432);
  });
});

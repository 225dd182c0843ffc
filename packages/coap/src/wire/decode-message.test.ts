import { describe, expect, test } from 'vitest';
import { decodeMessage, type CoapFormatProblem } from './decode-message.ts';

/** Version 1, confirmable, no token; POST; message id 0x1234. */
const post = [0x40, 0x02, 0x12, 0x34];

describe('a message format error', () => {
  test.each<[string, number[], CoapFormatProblem]>([
    ['a token length of 9', [0x49, 0x02, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 9], 'reserved-token-length'],
    [
      'a token length of 15',
      [0x4f, 0x02, 0x12, 0x34, ...Array.from({ length: 15 }, () => 1)],
      'reserved-token-length',
    ],
    ['a token that breaks off', [0x44, 0x02, 0x12, 0x34, 1, 2, 3], 'truncated-token'],
    ['a token that is not there', [0x41, 0x02, 0x12, 0x34], 'truncated-token'],
    ['a code of class 1', [0x40, 0x20, 0x12, 0x34], 'reserved-code-class'],
    ['a code of class 6', [0x40, 0xc0, 0x12, 0x34], 'reserved-code-class'],
    ['a code of class 7', [0x40, 0xe1, 0x12, 0x34], 'reserved-code-class'],
    ['an empty message with a token', [0x41, 0x00, 0x12, 0x34, 1], 'empty-with-content'],
    ['an empty message with options', [0x40, 0x00, 0x12, 0x34, 0xb1, 0x74], 'empty-with-content'],
    ['an empty message with a payload', [0x40, 0x00, 0x12, 0x34, 0xff, 1], 'empty-with-content'],
    ['an option delta of 15', [...post, 0xf0], 'reserved-option-delta'],
    ['an option delta of 15 that is almost a marker', [...post, 0xfe, 1], 'reserved-option-delta'],
    ['an option length of 15', [...post, 0x1f, 1], 'reserved-option-length'],
    ['an option that breaks off', [...post, 0xb4, 0x74, 0x65], 'truncated-option'],
    ['an extended delta that is not there', [...post, 0xd0], 'truncated-option'],
    ['an extended delta that breaks off', [...post, 0xe0, 1], 'truncated-option'],
    ['an extended length that is not there', [...post, 0xbd], 'truncated-option'],
    ['an extended length that breaks off', [...post, 0xbe, 0], 'truncated-option'],
    ['an extended length beyond the end', [...post, 0xbe, 0xff, 0xff, 1], 'truncated-option'],
    ['an option number of 65,804', [...post, 0xe0, 0xff, 0xff], 'option-number-too-large'],
    ['option numbers that add up to too much', [...post, 0xe0, 0xfe, 0xf2, 0x10], 'option-number-too-large'],
    ['a payload marker without a payload', [...post, 0xff], 'marker-without-payload'],
    [
      'a payload marker without a payload, after options',
      [...post, 0xb1, 0x74, 0xff],
      'marker-without-payload',
    ],
    ['an acknowledgement that is a request', [0x60, 0x02, 0x12, 0x34], 'code-not-for-type'],
    ['a reset that is a request', [0x70, 0x01, 0x12, 0x34], 'code-not-for-type'],
    ['a reset that is a response', [0x70, 0x45, 0x12, 0x34], 'code-not-for-type'],
    ['an empty non-confirmable message', [0x50, 0x00, 0x12, 0x34], 'code-not-for-type'],
    ['options without end', [...post, ...Array.from({ length: 129 }, () => 0x00)], 'too-many-options'],
  ])('%s is a format error, reported with the message id', (_what, bytes, problem) => {
    expect(decodeMessage(Uint8Array.from(bytes))).toMatchObject({ problem, id: 0x1234 });
  });

  test.each<[string, number[], CoapFormatProblem]>([
    ['nothing', [], 'too-short'],
    ['half a header', [0x40, 0x01, 0x12], 'too-short'],
    ['version 0', [0x00, 0x01, 0x12, 0x34], 'unknown-version'],
    ['version 2', [0x80, 0x01, 0x12, 0x34], 'unknown-version'],
    ['version 3', [0xc0, 0x01, 0x12, 0x34], 'unknown-version'],
  ])('%s is a format error, reported without a message id', (_what, bytes, problem) => {
    expect(decodeMessage(Uint8Array.from(bytes))).toEqual({ problem });
  });
});

describe('a message that is unusual but valid', () => {
  test.each<[string, number[], object]>([
    ['an empty confirmable message', [0x40, 0, 0, 1], { type: 'CON', code: 0 }],
    ['an empty acknowledgement', [0x60, 0, 0, 1], { type: 'ACK', code: 0 }],
    ['a reset', [0x70, 0, 0, 1], { type: 'RST', code: 0 }],
    ['a response of class 3', [0x40, 0x61, 0, 1], { code: 0x61 }],
    ['a method nobody knows', [0x40, 0x1f, 0, 1], { code: 0x1f }],
    ['an option of no length', [...post, 0xb0], { options: [{ number: 11, value: new Uint8Array() }] }],
    [
      'the last option number',
      [...post, 0xe0, 0xfe, 0xf2],
      { options: [{ number: 0xffff, value: new Uint8Array() }] },
    ],
    ['a payload that is a marker', [...post, 0xff, 0xff], { payload: Uint8Array.of(0xff) }],
    ['128 options', [...post, ...Array.from({ length: 128 }, () => 0x00)], { code: 2 }],
  ])('%s is decoded', (_what, bytes, facts) =>
    expect(decodeMessage(Uint8Array.from(bytes))).toMatchObject(facts),
  );
});

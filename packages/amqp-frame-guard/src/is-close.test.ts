import { expect, test } from 'vitest';
import { isClose } from './is-close.ts';
import { amqpHeader, begin, frame, list, open } from './testing/frames.ts';

test.each([
  ['a Close', frame([0, 0x53, 0x18, ...list()]), true],
  ['one with a long descriptor', frame([0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x18, ...list()]), true],
  [
    'one behind an extended header',
    Buffer.from([0, 0, 0, 16, 3, 0, 0, 0, 9, 9, 9, 9, 0, 0x53, 0x18, 0x45]),
    true,
  ],
  ['an Open', open(), false],
  ['a Begin', begin(), false],
  ['a frame of SASL', frame([0, 0x53, 0x18, ...list()], { type: 1 }), false],
  ['a heartbeat', frame([]), false],
  ['a protocol header', amqpHeader, false],
])('isClose recognizes a Close and nothing else: %s', (_what, bytes, expected) => {
  expect(isClose(bytes)).toBe(expected);
});

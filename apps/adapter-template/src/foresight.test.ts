import { expect, test } from 'vitest';
import { createForesight, type Ending } from './foresight.ts';
import { requestFormat } from './request-format.ts';
import { objections, says, tightBytes } from './testing/says.ts';

const broke = (text: string): Ending => ({ type: 'protocol-error', text });
const { concat } = Buffer;
const { ping, nonsense } = says;
const login = says.login('a@b', 'c');
const tooLong = says.event('a/b', 'x'.repeat(tightBytes + 1));
const byteByByte = (bytes: Uint8Array): readonly Uint8Array[] =>
  [...bytes].map((byte) => Uint8Array.of(byte));

test.each<readonly [what: string, pieces: readonly Uint8Array[], expected: Ending | undefined]>([
  ['nonsense behind another request', [concat([ping, nonsense])], broke(objections.nonsense)],
  ['nonsense in pieces', byteByByte(concat([ping, nonsense])), broke(objections.nonsense)],
  ['nonsense without its end', [nonsense.subarray(0, -1)], undefined],
  ['requests behind nonsense', [concat([nonsense, ping]), ping], broke(objections.nonsense)],
  ['a frame that is not sound', [says.unsound], broke(objections.unsound)],
  ['a second login', [login, login], broke(objections.secondLogin)],
  ['a login, and a request', [concat([login, ping])], undefined],
  ['a request that is too long, in pieces', byteByByte(tooLong), broke(objections.tooLong)],
  ['a request that is too long, behind another', [ping, tooLong], broke(objections.tooLong)],
  ['many requests at once', [concat(Array.from({ length: 99 }, () => says.event('a/b', 'x')))], undefined],
])('%s: how the session ends', (_what, pieces, expected) => {
  const foresee = createForesight(requestFormat(tightBytes));
  const foreseen = pieces.map((piece) => foresee(piece).end?.ending);
  expect(foreseen.at(-1)).toEqual(expected);
});

test('nothing is kept of a request that is too long', () => {
  const foresee = createForesight(requestFormat(tightBytes));
  foresee(tooLong.subarray(0, -1));
  const more = Buffer.alloc(65_536, 'x');
  for (let piece = 0; piece < 1_000; piece++) foresee(more);
  expect(foresee(ping).end?.ending).toEqual(broke(objections.tooLong));
});

test('half a request is no whole one, and the rest of it makes it one', () => {
  const foresee = createForesight(requestFormat(tightBytes));
  const pieces = [
    ping.subarray(0, 2),
    ping.subarray(2, -1),
    concat([ping.subarray(-1), ping.subarray(0, 2)]),
    concat([ping.subarray(2), ping]),
  ];
  expect(pieces.map((piece) => foresee(piece).whole)).toEqual([false, false, true, true]);
});

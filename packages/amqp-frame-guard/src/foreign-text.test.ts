import { illFormedUtf8, nastyStrings } from '@rollcall/conformance/hostile';
import { expect, test } from 'vitest';
import { Conversation } from './conversation.ts';
import { defaultGuardLimits } from './guard-limits.ts';
import {
  attach,
  begin,
  described,
  frame,
  list,
  nothing,
  open,
  text,
  transfer,
  uint,
  yes,
  type Bytes,
} from './testing/frames.ts';

/** What the guard says of a frame; `undefined` where it lets it pass. */
function problemOf(last: Uint8Array, ...before: readonly Uint8Array[]): string | undefined {
  const conversation = new Conversation({ limits: defaultGuardLimits });
  for (const each of before) conversation.amqp(each);
  try {
    conversation.amqp(last);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const inSession = [open(), begin()];
const attached = [...inSession, attach(0)];
const variable = (code: number, bytes: Uint8Array): Bytes => [code, bytes.length, ...bytes];
const string = (bytes: Uint8Array): Bytes => variable(0xa1, bytes);
const symbol = (bytes: Uint8Array): Bytes => variable(0xa3, bytes);
const describedBy = (descriptor: Bytes, value: Bytes): Bytes => [0x00, ...descriptor, ...value];
const openWith = (containerId: Bytes, capabilities: Bytes = nothing): Uint8Array =>
  frame(described(0x10, list(containerId, ...Array.from({ length: 7 }, () => nothing), capabilities)));
const attachTo = (terminus: Bytes): Uint8Array =>
  frame(described(0x12, list(text('l'), uint(0), [0x42], nothing, nothing, nothing, terminus)));
const settleAs = (state: Bytes): Uint8Array =>
  frame(described(0x15, list(yes, uint(0), uint(0), yes, state)));
const sendAs = (state: Bytes): Uint8Array =>
  frame(
    described(
      0x14,
      list(uint(0), uint(0), [0xa0, 1, 1], uint(0), nothing, [0x42], nothing, state, nothing, [0x42]),
    ),
  );

test.each(Object.entries(illFormedUtf8))(
  'text of %s is refused as a string and as a symbol, wherever it stands',
  (_what, bytes) => {
    expect(problemOf(openWith(string(bytes)))).toBe('a string is not UTF-8');
    expect(problemOf(openWith(text('a'), symbol(bytes)))).toBe('a symbol is not ASCII');
    const pair = [...string(Buffer.from('key')), ...string(bytes)];
    const inMessage = describedBy([0x53, 0x74], [0xc1, pair.length + 1, 2, ...pair]);
    expect(problemOf(transfer({ payload: inMessage }), ...attached)).toContain('malformed');
    const array = [0xe0, 3 + bytes.length, 1, 0xa3, bytes.length, ...bytes];
    expect(problemOf(openWith(text('a'), array))).toBe('a symbol is not ASCII');
  },
);

test.each(Object.entries(nastyStrings))(
  '%s passes as a string, and as a symbol if it is ASCII',
  (_what, nasty) => {
    const bytes = Buffer.from(nasty);
    expect(problemOf(openWith(string(bytes)))).toBeUndefined();
    const isAscii = bytes.every((byte) => byte < 0x80);
    expect(problemOf(openWith(text('a'), symbol(bytes)))).toBe(isAscii ? undefined : 'a symbol is not ASCII');
  },
);

/** Descriptors that rhea would quote on the console: of numbers, of names, and of neither. */
const unknown: readonly Bytes[] = [
  [0x53, 0x7f],
  [0x53, 0x30],
  [0x80, 0, 0, 0, 1, 0, 0, 0, 0x75],
  [0x44],
  ...['\u001B]0;owned\u0007', 'a\nforged', 'constructor', '__proto__', 'amqp:coordinator:list'].map((name) =>
    symbol(Buffer.from(name)),
  ),
  text('amqp:data:binary'),
];

test.each(unknown)('a value described as %o is refused as terminus, state and section', (...descriptor) => {
  const value = describedBy(descriptor, [0x45]);
  expect(problemOf(attachTo(value), ...inSession)).toContain('a terminus');
  expect(problemOf(settleAs(value), ...attached)).toContain('a delivery state');
  expect(problemOf(sendAs(value), ...attached)).toContain('a delivery state');
  expect(problemOf(transfer({ payload: describedBy(descriptor, [0xa0, 0]) }), ...attached)).toContain(
    'malformed',
  );
});

test.each<[string, Uint8Array, readonly Uint8Array[]]>([
  ['a target', attachTo(describedBy([0x53, 0x29], [0x45])), inSession],
  ['a target by name', attachTo(describedBy(symbol(Buffer.from('amqp:target:list')), [0x45])), inSession],
  ['no target', attachTo(nothing), inSession],
  ['an outcome', settleAs(describedBy([0x80, 0, 0, 0, 0, 0, 0, 0, 0x24], [0x45])), attached],
  ['no outcome', settleAs(nothing), attached],
  [
    'a section by name',
    transfer({ payload: describedBy([0xb3, 0, 0, 0, 16, ...Buffer.from('amqp:data:binary')], [0xa0, 0]) }),
    attached,
  ],
])('%s passes', (_what, last, before) => {
  expect(problemOf(last, ...before)).toBeUndefined();
});

import { seededRandom } from '@rollcall/conformance';
import { generate, parse } from 'coap-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coapCode, formatCode } from './coap-code.ts';
import type { CoapMessage, CoapMessageType } from './coap-message.ts';
import { decodeMessage } from './decode-message.ts';
import { emptyMessage, encodeMessage } from './encode-message.ts';
import { aMessage } from '../testing/endpoint-bed.ts';

/** Converts all bytes to one class, so that messages can be compared. */
function comparable(message: ReturnType<typeof decodeMessage>): unknown {
  if ('problem' in message) return message;
  const { token, options, payload } = message;
  return {
    ...message,
    token: [...token],
    options: options.map(({ number, value }) => ({ number, value: [...value] })),
    payload: [...payload],
  };
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const messages: fc.Arbitrary<CoapMessage> = fc
  .record({
    type: fc.constantFrom<CoapMessageType>('CON', 'NON', 'ACK'),
    code: fc.constantFrom(coapCode.content, coapCode.changed, coapCode.notFound, coapCode.badGateway),
    id: fc.nat(0xffff),
    token: bytes(8),
    options: fc.array(
      fc.record({
        number: fc.oneof(fc.nat(20), fc.nat(300), fc.nat(0xffff)),
        value: fc.oneof(bytes(14), bytes(300)),
      }),
      { maxLength: 20 },
    ),
    payload: bytes(100),
  })
  .map(({ options, ...rest }) =>
    Object.assign(rest, { options: options.toSorted((a, b) => a.number - b.number) }),
  );

test('an encoded message is decoded to the same message', () => {
  fc.assert(
    fc.property(messages, (message) => {
      expect(comparable(decodeMessage(encodeMessage(message)))).toEqual(comparable(message));
    }),
    { seed: 1 },
  );
});

test('a decoded message is encoded to the same message, in no more bytes', () => {
  fc.assert(
    fc.property(bytes(60), (random) => {
      const datagram = Uint8Array.from([0x40 | ((random[0] ?? 0) % 9), coapCode.post, 0, 1, ...random]);
      const message = decodeMessage(datagram);
      if ('problem' in message) return;
      const again = decodeMessage(encodeMessage(message));
      expect(comparable(again)).toEqual(comparable(message));
      expect(encodeMessage(message).length).toBeLessThanOrEqual(datagram.length);
    }),
    { seed: 2, numRuns: 500 },
  );
});

test('another codec reads what this one writes, and writes the same', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 500; round++) {
    const length = (small: number, large: number): number =>
      random.pick(random.pick(4) === 0 ? large : small);
    const isRequest = random.pick(2) === 0;
    const confirmable = random.pick(2) === 0;
    let number = 0;
    const message: CoapMessage = {
      type: confirmable ? 'CON' : 'NON',
      code: isRequest ? 1 + random.pick(4) : ((2 + 2 * random.pick(2)) << 5) | random.pick(6),
      id: random.pick(0x1_00_00),
      token: random.bytes(random.pick(9)),
      options: Array.from({ length: random.pick(8) }, () => {
        // Above the numbers that the other codec knows by name, and whose values it converts.
        number = Math.max(number, 2_100) + length(20, 2_000);
        return { number, value: random.bytes(length(14, 400)) };
      }),
      // The other codec cannot tell an empty payload from none.
      payload: random.bytes(1 + length(50, 600)),
    };
    const ours = encodeMessage(message);
    const theirs = parse(ours);
    expect(theirs).toMatchObject({ confirmable, messageId: message.id, ack: false, reset: false });
    expect([...theirs.token]).toEqual([...message.token]);
    expect([...theirs.payload]).toEqual([...message.payload]);
    expect(theirs.options.map(({ name, value }) => [Number(name), [...value]])).toEqual(
      message.options.map(({ number: name, value }) => [name, [...value]]),
    );
    const generated = generate(
      {
        code: formatCode(message.code),
        confirmable,
        messageId: message.id,
        token: Buffer.from(message.token),
        payload: Buffer.from(message.payload),
        options: message.options.map(({ number: name, value }) => ({ name, value: Buffer.from(value) })),
      },
      65_535,
    );
    expect([...generated]).toEqual([...ours]);
    expect(comparable(decodeMessage(generated))).toEqual(comparable(message));
  }
});

test('options come out in the order of their numbers, and those of one number in their own', () => {
  const options = [17, 11, 15, 11].map((number, index) => ({ number, value: Uint8Array.of(index) }));
  const message = decodeMessage(encodeMessage(aMessage({ options })));
  if ('problem' in message) throw new Error(message.problem);
  expect(message.options.map(({ number, value }) => [number, value[0]])).toEqual([
    [11, 1],
    [11, 3],
    [15, 2],
    [17, 0],
  ]);
});

describe('a message that cannot be encoded', () => {
  test.each<[string, Partial<CoapMessage>]>([
    ['a token of nine bytes', { token: new Uint8Array(9) }],
    ['a message id of 65,536', { id: 65_536 }],
    ['a message id below zero', { id: -1 }],
    ['an option number of 65,536', { options: [{ number: 65_536, value: new Uint8Array() }] }],
    ['an option of 65,805 bytes', { options: [{ number: 1, value: new Uint8Array(65_805) }] }],
    ['an empty message with a payload', { code: 0, token: new Uint8Array(), payload: Uint8Array.of(1) }],
  ])('%s cannot be encoded', (_what, facts) =>
    expect(() => encodeMessage(aMessage(facts))).toThrow(RangeError),
  );
});

test('an empty message is four bytes', () => {
  expect([...emptyMessage('RST', 0x1234)]).toEqual([0x70, 0, 0x12, 0x34]);
  expect([...emptyMessage('ACK', 0xffff)]).toEqual([0x60, 0, 0xff, 0xff]);
});

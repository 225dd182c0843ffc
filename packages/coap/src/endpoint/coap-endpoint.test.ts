import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { coapCode } from '../wire/coap-code.ts';
import type { CoapResponse } from './coap-request.ts';
import { noBytes, type CoapMessage } from '../wire/coap-message.ts';
import { encodeMessage } from '../wire/encode-message.ts';
import { coapOption } from '../wire/coap-option.ts';
import { preconditionOptions } from '../wire/option-definition.ts';
import { textOption, uintOption, uriPath } from '../wire/option-values.ts';
import { aMessage, anEmpty, createEndpointBed, noRandom } from '../testing/endpoint-bed.ts';

describe('a confirmable request', () => {
  test('a confirmable request is answered in its acknowledgement, with the same id and token', () => {
    const { say, sent, handled } = createEndpointBed(new ManualClock());
    const options = [textOption(coapOption.uriPath, 'telemetry')];
    say({ id: 7, token: Uint8Array.of(1, 2, 3), options, payload: Buffer.from('on') });
    expect(sent()).toMatchObject([
      { type: 'ACK', code: coapCode.changed, id: 7, token: Uint8Array.of(1, 2, 3), to: 'device' },
    ]);
    expect(handled).toMatchObject([{ peer: 'device', code: coapCode.post, confirmable: true, id: 7 }]);
    expect(handled.map(uriPath)).toEqual([['telemetry']]);
    expect(handled.map(({ payload }) => Buffer.from(payload).toString())).toEqual(['on']);
  });

  test('the answer has the code, options and payload that the handler returns', () => {
    const answer: CoapResponse = {
      code: coapCode.serviceUnavailable,
      options: [uintOption(coapOption.maxAge, 2)],
      payload: Buffer.from('later'),
    };
    const { say, sent } = createEndpointBed(new ManualClock(), { handle: () => answer });
    say();
    expect(sent()).toMatchObject([
      {
        code: coapCode.serviceUnavailable,
        options: [{ number: coapOption.maxAge, value: Uint8Array.of(2) }],
      },
    ]);
  });
});

test('a non-confirmable request is answered by a non-confirmable message with an id of the endpoint’s own', () => {
  const { say, sentInShort } = createEndpointBed(new ManualClock(), {
    random: { ...noRandom, next: () => 0.5 },
  });
  say({ type: 'NON', id: 7 });
  say({ type: 'NON', id: 8 });
  expect(sentInShort()).toEqual(['NON 2.04 #32768', 'NON 2.04 #32769']);
});

describe('bytes that are no message', () => {
  const { endpoint, sentInShort, handled } = createEndpointBed(new ManualClock());
  const received = (...bytes: readonly number[]): string[] => {
    endpoint.receive(Uint8Array.from(bytes), 'device');
    return sentInShort();
  };
  test.each<[string, number[], string[]]>([
    ['confirmable, with a truncated option', [0x40, 2, 0, 9, 0xb5, 0x74], ['RST 0.00 #9']],
    ['confirmable, with a marker and no payload', [0x40, 2, 0, 9, 0xff], ['RST 0.00 #9']],
    ['confirmable, of a reserved code class', [0x40, 0xe2, 0, 9], ['RST 0.00 #9']],
    ['confirmable, of a reserved token length', [0x4d, 2, 0, 9], ['RST 0.00 #9']],
    ['confirmable, empty with a token', [0x41, 0, 0, 9, 1], ['RST 0.00 #9']],
    ['non-confirmable, with a truncated option', [0x50, 2, 0, 9, 0xb5, 0x74], []],
    ['non-confirmable and empty', [0x50, 0, 0, 9], []],
    ['an acknowledgement with a request', [0x60, 2, 0, 9], []],
    ['a reset with content', [0x70, 2, 0, 9], []],
    ['of another version', [0x80, 2, 0, 9], []],
    ['three bytes', [0x40, 2, 0], []],
    ['none', [], []],
  ])(
    'bytes that are no message, %s: reset where confirmable and readable, ignored otherwise',
    (_what, bytes, answers) => expect(received(...bytes)).toEqual(answers),
  );

  test('bytes that are no message reach no handler, are not remembered, and are counted', () => {
    expect(handled).toEqual([]);
    expect(endpoint.statistics()).toMatchObject({ received: 12, formatErrors: 12, peers: 0, exchanges: 0 });
  });
});

describe('messages that answer nothing the endpoint sent', () => {
  test.each<[string, CoapMessage, string[]]>([
    ['a ping', anEmpty('CON', 3), ['RST 0.00 #3']],
    ['a confirmable response', aMessage({ code: coapCode.content, id: 3 }), ['RST 0.00 #3']],
    ['a confirmable response of class 3', aMessage({ code: 0x61, id: 3 }), ['RST 0.00 #3']],
    ['a non-confirmable response', aMessage({ type: 'NON', code: coapCode.content, id: 3 }), ['RST 0.00 #3']],
    ['an acknowledgement', anEmpty('ACK', 3), []],
    ['an acknowledgement with a response', aMessage({ type: 'ACK', code: coapCode.content, id: 3 }), []],
    ['a reset', anEmpty('RST', 3), []],
  ])(
    '%s is reset where its sender waits for an answer, and counts as no request',
    (_what, message, answers) => {
      const { say, sentInShort, endpoint } = createEndpointBed(new ManualClock());
      say(message);
      expect(sentInShort()).toEqual(answers);
      expect(endpoint.statistics()).toMatchObject({ peers: 0, requests: 0 });
    },
  );
});

describe('options', () => {
  const bytes = (length: number) => new Uint8Array(length).fill(0x61);
  const answerTo = (options: CoapMessage['options'], facts: Partial<CoapMessage> = {}): string[] => {
    const { say, sentInShort } = createEndpointBed(new ManualClock());
    say({ ...facts, options });
    return sentInShort();
  };
  test.each<[string, number, Uint8Array[]]>([
    ['unknown', 9, [bytes(1)]],
    ['unknown and very large', 65_001, [noBytes]],
    ['too long', coapOption.uriPath, [bytes(256)]],
    ['too short', coapOption.uriHost, [noBytes]],
    ['a number that is too long', coapOption.accept, [bytes(3)]],
    ['twice', coapOption.uriPort, [bytes(1), bytes(1)]],
    ['no UTF-8', coapOption.uriPath, [Uint8Array.of(0xc3, 0x28)]],
    ['about a condition that the handler does not know', coapOption.ifMatch, [bytes(4)]],
    ['about another condition', coapOption.ifNoneMatch, [noBytes]],
  ])('a critical option that is %s is refused', (_what, number, values) => {
    const options = values.map((value) => ({ number, value }));
    expect(answerTo(options)).toEqual(['ACK 4.02 #1']);
    expect(answerTo(options, { type: 'NON' })).toEqual(['RST 0.00 #1']);
  });

  test.each<[string, number, Uint8Array[], number]>([
    ['too long', coapOption.contentFormat, [bytes(3)], 0],
    ['twice', coapOption.contentFormat, [bytes(1), bytes(1)], 1],
    ['no UTF-8', coapOption.locationPath, [Uint8Array.of(0xff)], 0],
  ])('an elective option that is %s is left out of the request', (_what, number, values, left) => {
    const { say, handled } = createEndpointBed(new ManualClock());
    const path = textOption(coapOption.uriPath, 't');
    say({ options: [path, ...values.map((value) => ({ number, value }))] });
    expect(handled[0]?.options.map((option) => option.number).toSorted((a, b) => a - b)).toEqual(
      [coapOption.uriPath, ...Array.from({ length: left }, () => number)].toSorted((a, b) => a - b),
    );
  });

  test('an unknown elective option is handed on to the handler', () => {
    const { say, handled } = createEndpointBed(new ManualClock());
    say({ options: [{ number: 65_000, value: bytes(8) }] });
    expect(handled[0]?.options).toMatchObject([{ number: 65_000 }]);
  });

  test('a critical option that the handler names is handed on to it', () => {
    const own = { number: 65_001, format: 'opaque', minBytes: 0, maxBytes: 8 } as const;
    const { say, handled, sentInShort } = createEndpointBed(new ManualClock(), {
      options: [...preconditionOptions, own],
    });
    say({ id: 1, options: [{ number: 65_001, value: bytes(8) }] });
    say({ id: 2, options: [{ number: coapOption.ifNoneMatch, value: noBytes }] });
    say({ id: 3, options: [{ number: 65_001, value: bytes(9) }] });
    expect(sentInShort()).toEqual(['ACK 2.04 #1', 'ACK 2.04 #2', 'ACK 4.02 #3']);
    expect(handled).toHaveLength(2);
  });

  test('a request with Proxy-Uri or Proxy-Scheme is refused with 5.05', () => {
    expect(answerTo([textOption(coapOption.proxyUri, 'coap://elsewhere/')])).toEqual(['ACK 5.05 #1']);
    expect(answerTo([textOption(coapOption.proxyScheme, 'http')])).toEqual(['ACK 5.05 #1']);
  });

  test('a method code that is not assigned is refused with 4.05', () =>
    expect(answerTo([], { code: 0x1f })).toEqual(['ACK 4.05 #1']));
});

describe('a handler that fails', () => {
  const failures: [string, () => CoapResponse | Promise<CoapResponse>][] = [
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['answers with a method', () => ({ code: coapCode.get })],
    ['answers with a reserved code', () => ({ code: 0xe0 })],
    [
      'answers with an option that there cannot be',
      () => ({ code: coapCode.content, options: [{ number: 70_000, value: noBytes }] }),
    ],
    ['answers with nothing', () => undefined as unknown as CoapResponse],
    ['promises nothing', () => Promise.resolve(undefined as unknown as CoapResponse)],
  ];
  test.each(failures)(
    'a handler that %s: the request is answered with 5.00, and the next one is served',
    async (_what, handle) => {
      const errors: unknown[] = [];
      let isBroken = true;
      const { say, sentInShort, endpoint } = createEndpointBed(new ManualClock(), {
        handle: () => (isBroken ? handle() : { code: coapCode.changed }),
        onHandlerError: (error) => errors.push(error),
      });
      say({ id: 1 });
      await settled();
      isBroken = false;
      say({ id: 2 });
      expect(sentInShort()).toEqual(['ACK 5.00 #1', 'ACK 2.04 #2']);
      expect(errors).toHaveLength(1);
      expect(endpoint.statistics()).toMatchObject({ handlerErrors: 1, working: 0 });
    },
  );
});

describe('an endpoint that is closed', () => {
  test('an endpoint that is closed answers nothing more, and leaves no timer', async () => {
    const clock = new ManualClock();
    const { promise, resolve } = Promise.withResolvers<CoapResponse>();
    const { endpoint, say, sent } = createEndpointBed(clock, { handle: () => promise, ackAfterMs: 500 });
    say({ id: 1 });
    const alive = endpoint.ping('device');
    sent();
    endpoint.close();
    say({ id: 2 });
    resolve({ code: coapCode.changed });
    await clock.advanceAsync(300_000);
    expect(await alive).toBe(false);
    expect(await endpoint.ping('device')).toBe(false);
    expect(sent()).toEqual([]);
    expect(clock.armed).toBe(0);
    expect(endpoint.statistics()).toMatchObject({ peers: 0, exchanges: 0, pings: 0 });
  });
});

describe('receive returns what came', () => {
  const bytesOf = (facts: Partial<CoapMessage>): Uint8Array => encodeMessage(aMessage(facts));
  const badOption = [{ number: 9, value: noBytes }];
  test.each<[string, Uint8Array, 'request' | 'other']>([
    ['a request', bytesOf({ id: 1 }), 'request'],
    ['a copy of it', bytesOf({ id: 1 }), 'other'],
    ['a request that is refused for its options', bytesOf({ id: 2, options: badOption }), 'request'],
    ['a request for which there is no room', bytesOf({ id: 3 }), 'request'],
    ['a ping', encodeMessage(anEmpty('CON', 4)), 'other'],
    ['an acknowledgement', encodeMessage(anEmpty('ACK', 5)), 'other'],
    ['bytes that are no message', Uint8Array.of(1), 'other'],
  ])('receive of %s', (what, datagram, expected) => {
    const { endpoint } = createEndpointBed(new ManualClock(), {
      handle: () => new Promise(() => {}),
      ...(what.includes('no room') && { limits: { maxWorking: 0 } }),
    });
    if (what.startsWith('a copy')) endpoint.receive(bytesOf({ id: 1 }), 'device');
    expect(endpoint.receive(datagram, 'device')).toBe(expected);
  });

  test('receive returns request for one block of a body, though the handler does not see it', () => {
    const { endpoint, handled } = createEndpointBed(new ManualClock());
    const block = { number: coapOption.block1, value: Uint8Array.of(0x08) };
    const options = [block];
    expect(endpoint.receive(bytesOf({ options, payload: new Uint8Array(16) }), 'device')).toBe('request');
    expect(handled).toEqual([]);
  });

  test('receive returns other once the endpoint is closed', () => {
    const { endpoint } = createEndpointBed(new ManualClock());
    endpoint.close();
    expect(endpoint.receive(bytesOf({}), 'device')).toBe('other');
  });
});

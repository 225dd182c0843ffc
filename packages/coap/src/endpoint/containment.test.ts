import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { coapCode, formatCode } from '../wire/coap-code.ts';
import { createCoapEndpoint } from './coap-endpoint.ts';
import type { CoapEndpointOptions } from './endpoint-options.ts';
import { createDeadline, createDeadlines } from './deadlines.ts';
import { decodeMessage } from '../wire/decode-message.ts';
import { encodeMessage } from '../wire/encode-message.ts';
import { aMessage, anEmpty, noRandom } from '../testing/endpoint-bed.ts';

const hour = 3_600_000;

/** An endpoint whose functions in `curse` throw for the peer `cursed`. */
function given(curse: Partial<CoapEndpointOptions<string>>) {
  const clock = new ManualClock();
  const errors: string[] = [];
  const heard: string[] = [];
  const endpoint = createCoapEndpoint<string>({
    clock,
    random: noRandom,
    isVerified: () => true,
    handle: () => ({ code: coapCode.changed }),
    onError: (error) => errors.push((error as Error).message),
    ...curse,
    send(datagram, to) {
      curse.send?.(datagram, to);
      const message = decodeMessage(Uint8Array.from(datagram));
      if ('problem' in message) throw new Error('no message');
      heard.push(`${to} ${message.type} ${formatCode(message.code)}`);
    },
  });
  const say = (peer: string, facts = {}): unknown => endpoint.receive(encodeMessage(aMessage(facts)), peer);
  return { clock, endpoint, errors, heard, say };
}

function cursed(peer: string): void {
  if (peer === 'cursed') throw new Error('cursed');
}

describe('a peer to whom sending throws', () => {
  const send = (_: Buffer, to: string): void => cursed(to);

  test.each([
    ['a request', (): Uint8Array => encodeMessage(aMessage())],
    ['a ping', () => encodeMessage(anEmpty('CON', 7))],
    ['what cannot be read', () => Uint8Array.of(0x40, 1, 0, 7, 0xff)],
    ['a bad option', () => encodeMessage(aMessage({ options: [{ number: 9, value: new Uint8Array() }] }))],
  ])(
    'where sending to a peer throws, it gets no answer to %s, and receive throws nothing',
    (_what, datagram) => {
      const { endpoint, errors, heard, say } = given({ send });
      endpoint.receive(datagram(), 'cursed');
      expect(errors).toEqual(['cursed']);
      say('healthy');
      expect(heard).toEqual(['healthy ACK 2.04']);
    },
  );

  test('where sending to a peer throws, nothing is sent to it later, and it is forgotten in time', async () => {
    const { clock, endpoint, errors, heard, say } = given({
      send,
      ackAfterMs: 0,
      handle: async () => ({ code: coapCode.changed }),
    });
    say('cursed');
    say('healthy', { id: 2 });
    await settled();
    expect(heard).toEqual(['healthy ACK 0.00', 'healthy CON 2.04']);
    expect(endpoint.statistics().unacknowledged).toBe(2);
    await clock.advanceAsync(hour);
    // The acknowledgement, the answer, and four retransmissions of the answer.
    expect(errors).toEqual(Array<string>(6).fill('cursed'));
    expect(heard).toHaveLength(6);
    expect(endpoint.statistics()).toMatchObject({ peers: 0, unacknowledged: 0, exchanges: 0, givenUp: 2 });
    expect(clock.armed).toBe(0);
  });

  test('where sending to a peer throws, its pings fail, and those of other peers do not', async () => {
    const { clock, endpoint, errors } = given({ send });
    const isCursedThere = endpoint.ping('cursed');
    const isHealthyThere = endpoint.ping('healthy');
    await clock.advanceAsync(hour);
    expect(await Promise.all([isCursedThere, isHealthyThere])).toEqual([false, false]);
    expect(errors).toHaveLength(5);
    expect(endpoint.statistics().pings).toBe(0);
  });
});

describe('a function that throws costs its peer the exchange', () => {
  test.each<[string, Partial<CoapEndpointOptions<string>>]>([
    ['isVerified', { isVerified: (peer) => (cursed(peer), true) }],
    ['keyOf', { keyOf: (peer) => (cursed(peer), peer) }],
    [
      'onHandlerError',
      { handle: ({ peer }) => (cursed(peer), { code: 68 }), onHandlerError: () => cursed('cursed') },
    ],
  ])('where %s throws, its peer loses the exchange, and others are served', (_name, curse) => {
    const { errors, heard, say, endpoint, clock } = given(curse);
    say('cursed');
    say('healthy');
    expect(errors).toEqual(['cursed']);
    expect(heard.at(-1)).toBe('healthy ACK 2.04');
    clock.advance(hour);
    expect(endpoint.statistics()).toMatchObject({ exchanges: 0, working: 0, peers: 0 });
  });

  test('where onUnhandled throws, the request is answered with 5.00', () => {
    const { heard, say, endpoint } = given({ onUnhandled: cursed });
    const options = [{ number: 35, value: Buffer.from('coap://elsewhere/') }];
    say('cursed', { options });
    say('healthy', { options });
    expect(heard).toEqual(['cursed ACK 5.00', 'healthy ACK 5.05']);
    expect(endpoint.statistics().working).toBe(0);
  });
});

test('a deadline that throws does not keep others from being met', () => {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const met: string[] = [];
  const deadlines = createDeadlines(clock, (error) => errors.push(error));
  const start = clock.monotonic();
  deadlines.set(
    createDeadline(() => cursed('cursed')),
    start + 10,
  );
  deadlines.set(
    createDeadline(() => met.push('at once')),
    start + 10,
  );
  deadlines.set(
    createDeadline(() => met.push('later')),
    start + 20,
  );
  clock.advance(30);
  expect(met).toEqual(['at once', 'later']);
  expect(errors).toEqual([new Error('cursed')]);
  expect(clock.armed).toBe(0);
});

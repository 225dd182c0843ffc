import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { coapCode } from '../wire/coap-code.ts';
import type { CoapResponse } from './coap-request.ts';
import { coapOption } from '../wire/coap-option.ts';
import { textOption } from '../wire/option-values.ts';
import { anEmpty, createEndpointBed } from '../testing/endpoint-bed.ts';

const changed: CoapResponse = { code: coapCode.changed };

/** An endpoint whose handler answers when the test says so. */
function givenASlowHandler(ackAfterMs = 500) {
  const clock = new ManualClock();
  const answers: ((response: CoapResponse) => void)[] = [];
  const bed = createEndpointBed(clock, {
    ackAfterMs,
    handle: () => new Promise((resolve) => answers.push(resolve)),
  });
  const answer = async (index = 0, response = changed): Promise<void> => {
    answers[index]?.(response);
    await settled();
  };
  return { ...bed, clock, answer };
}

describe('a copy of a confirmable request', () => {
  test('a copy of a confirmable request is answered with the same bytes, and handled once', () => {
    const bed = createEndpointBed(new ManualClock(), {
      handle: () => ({ code: coapCode.content, payload: Buffer.from(String(Math.random())) }),
    });
    for (let copy = 0; copy < 5; copy++) bed.say({ id: 5 });
    const [first, ...copies] = bed.sent().map(({ bytes }) => bytes);
    expect(copies).toHaveLength(4);
    for (const copy of copies) expect(copy).toEqual(first);
    expect(bed.handled).toHaveLength(1);
    expect(bed.endpoint.statistics()).toMatchObject({ requests: 1, duplicates: 4 });
  });

  test('a copy that comes while the handler works is ignored before the acknowledgement, and acknowledged after it', async () => {
    const { clock, say, sentInShort, handled, answer } = givenASlowHandler();
    say({ id: 5 });
    say({ id: 5 });
    expect(sentInShort()).toEqual([]);
    clock.advance(500);
    expect(sentInShort()).toEqual(['ACK 0.00 #5']);
    say({ id: 5 });
    expect(sentInShort()).toEqual(['ACK 0.00 #5']);
    await answer();
    expect(sentInShort()).toEqual(['CON 2.04 #0']);
    expect(handled).toHaveLength(1);
  });

  test('a copy that comes after the separate response is acknowledged again', async () => {
    const { say, sentInShort, handled, answer } = givenASlowHandler(0);
    say({ id: 5 });
    await answer();
    expect(sentInShort()).toEqual(['ACK 0.00 #5', 'CON 2.04 #0']);
    say({ id: 5 });
    say(anEmpty('ACK', 0));
    say({ id: 5 });
    expect(sentInShort()).toEqual(['ACK 0.00 #5', 'ACK 0.00 #5']);
    expect(handled).toHaveLength(1);
  });

  test('a request with a used id is a new one after EXCHANGE_LIFETIME, and not before', () => {
    const clock = new ManualClock();
    // So that the id is free before its exchange is swept away.
    clock.advance(250);
    const { say, handled, endpoint } = createEndpointBed(clock);
    say({ id: 5 });
    clock.advance(246_999);
    say({ id: 5 });
    expect(handled).toHaveLength(1);
    clock.advance(1);
    say({ id: 5 });
    say({ id: 5 });
    expect(handled).toHaveLength(2);
    expect(endpoint.statistics()).toMatchObject({ exchanges: 1, peers: 1 });
    clock.advance(248_000);
    expect(endpoint.statistics()).toMatchObject({ exchanges: 0, peers: 0 });
  });

  test('neither copies nor a slow handler lengthen the lifetime of an id', async () => {
    const { clock, say, handled, answer } = givenASlowHandler();
    say({ id: 5 });
    clock.advance(100_000);
    await answer();
    clock.advance(100_000);
    say({ id: 5 });
    clock.advance(47_000);
    say({ id: 5 });
    expect(handled).toHaveLength(2);
  });

  test('a message with a used id is a copy, whatever its content', () => {
    const { say, handled, sentInShort } = createEndpointBed(new ManualClock());
    say({ id: 5, options: [textOption(coapOption.uriPath, 'a')] });
    say({ id: 5, options: [textOption(coapOption.uriPath, 'b')] });
    say({ id: 5, type: 'NON' });
    expect(handled).toHaveLength(1);
    expect(sentInShort()).toEqual(['ACK 2.04 #5', 'ACK 2.04 #5']);
  });
});

test('a copy of a non-confirmable request is ignored until NON_LIFETIME is over', () => {
  const clock = new ManualClock();
  const { say, handled, sentInShort } = createEndpointBed(clock);
  say({ type: 'NON', id: 5 });
  say({ type: 'NON', id: 5 });
  clock.advance(144_999);
  say({ type: 'NON', id: 5 });
  expect(sentInShort()).toEqual(['NON 2.04 #0']);
  clock.advance(1);
  say({ type: 'NON', id: 5 });
  expect(handled).toHaveLength(2);
});

test('the same id from two peers is two requests', () => {
  const { say, handled, sent } = createEndpointBed(new ManualClock());
  for (const peer of ['a', 'b', 'c']) say({ id: 5 }, peer);
  expect(handled.map(({ peer }) => peer)).toEqual(['a', 'b', 'c']);
  expect(sent().map(({ to }) => to)).toEqual(['a', 'b', 'c']);
});

test('many requests of one peer are each handled once', () => {
  const { say, handled } = createEndpointBed(new ManualClock());
  for (let round = 0; round < 3; round++) for (let id = 0; id < 100; id++) say({ id });
  expect(handled.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, id) => id));
});

test('peers that are objects are the same peer where their key is the same', () => {
  const at = (port: number) => ({ address: '192.0.2.1', port });
  const { endpoint, handled } = createEndpointBed(new ManualClock(), {
    keyOf: (peer) => `${(peer as unknown as { port: number }).port}`,
  });
  const post = Uint8Array.of(0x40, 2, 0, 1);
  for (const port of [1, 2, 1, 2]) endpoint.receive(post, at(port) as unknown as string);
  expect(handled).toHaveLength(2);
  endpoint.forget(at(1) as unknown as string);
  expect(endpoint.statistics()).toMatchObject({ peers: 1, exchanges: 1 });
});

describe('a peer that is forgotten', () => {
  test('a peer that is forgotten gets no answer to its requests, and may use their ids again', async () => {
    const { clock, endpoint, say, sentInShort, handled, answer } = givenASlowHandler();
    for (let id = 0; id < 20; id++) say({ id });
    endpoint.forget('device');
    expect(endpoint.statistics()).toMatchObject({ peers: 0, exchanges: 0, working: 0 });
    await answer(3);
    await clock.advanceAsync(1_000);
    expect(sentInShort()).toEqual([]);
    say({ id: 3 });
    await answer(20);
    expect(sentInShort()).toEqual(['ACK 2.04 #3']);
    expect(handled).toHaveLength(21);
  });

  test('a peer that is forgotten no longer gets its separate response', async () => {
    const { clock, endpoint, say, sentInShort, answer } = givenASlowHandler(0);
    say({ id: 1 });
    await answer();
    sentInShort();
    endpoint.forget('device');
    clock.advance(100_000);
    expect(sentInShort()).toEqual([]);
    expect(endpoint.statistics()).toMatchObject({ peers: 0, unacknowledged: 0 });
  });
});

test('a request whose handler never answers is forgotten after EXCHANGE_LIFETIME', async () => {
  const { clock, endpoint, say, answer, sentInShort } = givenASlowHandler(-1);
  say({ id: 1 });
  clock.advance(250_000);
  expect(endpoint.statistics()).toMatchObject({ peers: 0, working: 0, exchanges: 0 });
  await answer();
  expect(sentInShort()).toEqual([]);
});

test('once all exchanges have expired there is no peer, no exchange and no timer', () => {
  const clock = new ManualClock();
  const { say, endpoint } = createEndpointBed(clock);
  for (let id = 0; id < 30; id++) say({ id, type: id % 2 === 0 ? 'CON' : 'NON' }, `peer ${id % 7}`);
  expect(endpoint.statistics()).toMatchObject({ peers: 7, exchanges: 30 });
  expect(clock.armed).toBe(1);
  clock.advance(146_000);
  expect(endpoint.statistics()).toMatchObject({ exchanges: 15 });
  clock.advance(103_000);
  expect(endpoint.statistics()).toMatchObject({ peers: 0, exchanges: 0, answerBytes: 0 });
  expect(clock.armed).toBe(0);
});

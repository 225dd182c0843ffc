import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { coapCode } from '../wire/coap-code.ts';
import type { CoapResponse } from './coap-request.ts';
import type { CoapLimits } from './coap-limits.ts';
import { coapOption } from '../wire/coap-option.ts';
import { readUint, textOption } from '../wire/option-values.ts';
import { createEndpointBed } from '../testing/endpoint-bed.ts';

const changed: CoapResponse = { code: coapCode.changed };

function givenASlowHandler(limits: Partial<CoapLimits>, ackAfterMs = -1) {
  const answers: (() => void)[] = [];
  const clock = new ManualClock();
  const bed = createEndpointBed(clock, {
    limits,
    ackAfterMs,
    handle: () => new Promise((resolve) => answers.push(() => resolve(changed))),
  });
  const answerAll = async (): Promise<void> => {
    for (const answer of answers.splice(0)) answer();
    await settled();
  };
  return { ...bed, clock, answerAll };
}

describe('exchanges that are remembered', () => {
  test('remembered exchanges are bounded over all peers: the oldest answered one is forgotten', () => {
    const clock = new ManualClock();
    const { say, endpoint, handled } = createEndpointBed(clock, { limits: { maxExchanges: 10 } });
    for (let id = 0; id < 100; id++) {
      say({ id, type: id % 2 === 0 ? 'CON' : 'NON' }, `peer ${id % 50}`);
      clock.advance(1);
    }
    expect(endpoint.statistics()).toMatchObject({ exchanges: 10, peers: 10, evicted: 90 });
    for (let id = 90; id < 100; id++) say({ id, type: id % 2 === 0 ? 'CON' : 'NON' }, `peer ${id % 50}`);
    expect(handled).toHaveLength(100);
    say({ id: 0 }, 'peer 0');
    expect(handled).toHaveLength(101);
  });

  test.each([3, 20])('remembered exchanges are bounded for each peer, at %i', (maxExchangesPerPeer) => {
    const { say, endpoint, handled } = createEndpointBed(new ManualClock(), {
      limits: { maxExchangesPerPeer },
    });
    say({ id: 0 }, 'another');
    for (let id = 0; id < 100; id++) say({ id });
    expect(endpoint.statistics()).toMatchObject({ exchanges: maxExchangesPerPeer + 1, peers: 2 });
    for (let id = 100 - maxExchangesPerPeer; id < 100; id++) say({ id });
    say({ id: 0 }, 'another');
    expect(handled).toHaveLength(101);
    say({ id: 99 - maxExchangesPerPeer });
    expect(handled).toHaveLength(102);
  });

  test('remembered exchanges are bounded by the bytes of their answers', () => {
    const { say, endpoint } = createEndpointBed(new ManualClock(), {
      isVerified: () => true,
      limits: { maxAnswerBytes: 5_000 },
      handle: () => ({ code: coapCode.content, payload: new Uint8Array(400) }),
    });
    for (let id = 0; id < 100; id++) say({ id }, `peer ${id}`);
    const { answerBytes, exchanges, peers } = endpoint.statistics();
    expect(answerBytes).toBeLessThanOrEqual(5_000);
    expect(exchanges).toBeGreaterThan(10);
    expect(peers).toBe(exchanges);
  });

  test.each([3, 20])(
    'the bound of exchanges for each peer, at %i, forgets none that its handler works on',
    (maxExchangesPerPeer) => {
      const { say, handled } = createEndpointBed(new ManualClock(), {
        limits: { maxExchangesPerPeer },
        handle: ({ id }) => (id === 0 ? new Promise(() => {}) : changed),
      });
      for (let id = 0; id < 100; id++) say({ id });
      say({ id: 0 });
      expect(handled).toHaveLength(100);
    },
  );

  test('an exchange is not forgotten for lack of room while its handler works', async () => {
    const { say, handled, answerAll, sentInShort, endpoint } = givenASlowHandler({ maxExchanges: 5 });
    for (let id = 0; id < 8; id++) say({ id });
    expect(endpoint.statistics()).toMatchObject({ exchanges: 8, working: 8 });
    for (let id = 0; id < 8; id++) say({ id });
    expect(handled).toHaveLength(8);
    await answerAll();
    expect(sentInShort()).toHaveLength(8);
    say({ id: 100 });
    expect(endpoint.statistics().exchanges).toBeLessThanOrEqual(8);
  });
});

describe('requests that the handler works on', () => {
  test.each<[string, Partial<CoapLimits>]>([
    ['of each peer', { maxWorkingPerPeer: 2 }],
    ['of all peers', { maxWorking: 2 }],
  ])(
    'requests in the handler, %s, are bounded: above, 5.03 with Max-Age, or silence for a non-confirmable one',
    async (_what, limits) => {
      const { say, sent, handled, endpoint, answerAll, sentInShort } = givenASlowHandler(limits);
      say({ id: 1 });
      say({ id: 2, type: 'NON' });
      say({ id: 3 });
      say({ id: 4, type: 'NON' });
      const [refusal, ...others] = sent();
      expect(refusal).toMatchObject({ type: 'ACK', code: coapCode.serviceUnavailable, id: 3 });
      expect(refusal && readUint(refusal, coapOption.maxAge)).toBe(2);
      expect(others).toEqual([]);
      expect(handled).toHaveLength(2);
      expect(endpoint.statistics()).toMatchObject({ working: 2, refused: 2, exchanges: 2 });

      await answerAll();
      sentInShort();
      say({ id: 3 });
      await answerAll();
      expect(sentInShort()).toEqual(['ACK 2.04 #3']);
    },
  );

  test('the requests of one peer leave room for those of others', () => {
    const { say, handled } = givenASlowHandler({ maxWorkingPerPeer: 2 });
    for (let id = 0; id < 10; id++) say({ id }, 'greedy');
    say({}, 'modest');
    expect(handled.map(({ peer }) => peer)).toEqual(['greedy', 'greedy', 'modest']);
  });
});

test.each<[string, Partial<CoapLimits>]>([
  ['of each peer', { maxUnacknowledgedPerPeer: 3 }],
  ['of all peers', { maxUnacknowledged: 3 }],
])('separate responses %s are bounded: the oldest is not sent again', async (_what, limits) => {
  const { say, answerAll, sentInShort, endpoint, clock } = givenASlowHandler(limits, 0);
  for (let id = 0; id < 10; id++) say({ id });
  await answerAll();
  sentInShort();
  expect(endpoint.statistics()).toMatchObject({ unacknowledged: 3, givenUp: 7 });
  await clock.advanceAsync(2_000);
  expect(sentInShort().toSorted()).toEqual(['CON 2.04 #7', 'CON 2.04 #8', 'CON 2.04 #9']);
  await clock.advanceAsync(100_000);
  expect(endpoint.statistics()).toMatchObject({ unacknowledged: 0, givenUp: 10 });
});

describe('a peer that is not verified', () => {
  const bodyBytes = 1_000;
  const bytesFor = async (
    ackAfterMs: number,
    isVerified: boolean,
  ): Promise<[received: number, sent: number]> => {
    const clock = new ManualClock();
    const { say, sent } = createEndpointBed(clock, {
      ackAfterMs,
      isVerified: () => isVerified,
      handle: () => Promise.resolve({ code: coapCode.content, payload: new Uint8Array(bodyBytes) }),
    });
    say({ options: [textOption(coapOption.uriPath, 'a-path-of-some-length')] });
    await clock.advanceAsync(200_000);
    return [4 + 1 + 23, sent().reduce((sum, { bytes }) => sum + bytes.length, 0)];
  };

  test.each([-1, 0])(
    'a peer that is not verified gets no more than three times its bytes, all transmissions together, with ackAfterMs %i',
    async (ackAfterMs) => {
      const [received, sent] = await bytesFor(ackAfterMs, false);
      expect(sent).toBeLessThanOrEqual(3 * received + 4);
      expect(sent).toBeGreaterThan(16);
    },
  );

  test('a verified peer gets as many retransmissions as the protocol has', async () => {
    const [, sent] = await bytesFor(0, true);
    expect(sent).toBeGreaterThan(5 * 512);
  });
});

test('a hundred thousand peers whose exchanges have expired take no memory', () => {
  const clock = new ManualClock();
  const { say, endpoint, sent } = createEndpointBed(clock);
  for (let peer = 0; peer < 100_000; peer++) {
    say({ id: peer & 0xffff }, String(peer));
    if (peer % 1_000 === 0) sent();
  }
  expect(endpoint.statistics()).toMatchObject({ peers: 100_000, exchanges: 100_000 });
  expect(clock.armed).toBe(1);
  clock.advance(248_000);
  expect(endpoint.statistics()).toMatchObject({ peers: 0, exchanges: 0, answerBytes: 0, evicted: 0 });
  expect(clock.armed).toBe(0);
});

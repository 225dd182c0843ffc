import { ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { coapCode, formatCode } from '../wire/coap-code.ts';
import type { CoapEndpointOptions } from './endpoint-options.ts';
import { decodeMessage } from '../wire/decode-message.ts';
import { anEmpty, createEndpointBed } from '../testing/endpoint-bed.ts';

/** A peer whose newest datagrams come by a path that is not known to be its own: `there`. */
function givenAnEndpoint(facts: Partial<CoapEndpointOptions<string>> = {}) {
  const clock = new ManualClock();
  const bed = createEndpointBed(clock, { random: seededRandom(1), ...facts });
  const probes: number[] = [];
  const confirmed: string[] = [];
  const probe = (path = 'there', peer = 'device'): void =>
    bed.endpoint.probePath(peer, path, {
      send(datagram) {
        const message = decodeMessage(datagram);
        if ('problem' in message) throw new Error(message.problem);
        expect(formatCode(message.code)).toBe('0.00');
        expect(message.type).toBe('CON');
        probes.push(message.id);
      },
      confirmed: () => confirmed.push(path),
    });
  const answer = (id: number | undefined, path?: string, type: 'RST' | 'ACK' = 'RST'): void =>
    bed.say(anEmpty(type, id ?? -1), 'device', path);
  return { ...bed, clock, probes, confirmed, probe, answer };
}

describe('an answer to a message that came by a path that is being probed', () => {
  test('an answer to a request by a probed path waits until the probe is answered by that path', () => {
    const { say, probe, probes, answer, sentInShort, confirmed, clock, endpoint } = givenAnEndpoint();
    probe();
    say({ id: 7 }, 'device', 'there');
    clock.advance(1_999);
    expect(sentInShort()).toEqual([]);
    expect(endpoint.statistics()).toMatchObject({ pathProbes: 1, held: 1 });
    answer(probes[0], 'there');
    expect(confirmed).toEqual(['there']);
    expect(sentInShort()).toEqual(['ACK 2.04 #7']);
    expect(endpoint.statistics()).toMatchObject({ pathProbes: 0, held: 0, unexpected: 0 });
  });

  test('an answer to a request by a probed path waits for 2 s at most', () => {
    const { say, probe, sentInShort, confirmed, clock, endpoint } = givenAnEndpoint();
    probe();
    say({ id: 7 }, 'device', 'there');
    clock.advance(1_000);
    say({ id: 8 }, 'device', 'there');
    clock.advance(999);
    expect(sentInShort()).toEqual([]);
    clock.advance(1);
    expect(sentInShort()).toEqual(['ACK 2.04 #7']);
    clock.advance(1_000);
    expect(sentInShort()).toEqual(['ACK 2.04 #8']);
    expect(confirmed).toEqual([]);
    expect(endpoint.statistics()).toMatchObject({ pathProbes: 1, held: 0 });
  });

  test('an answer to the probe by another path does not send the answers that wait', () => {
    const { say, probe, probes, answer, sentInShort, confirmed, clock } = givenAnEndpoint();
    probe();
    say({ id: 7 }, 'device', 'there');
    answer(probes[0]);
    answer(probes[0], 'elsewhere');
    expect(confirmed).toEqual([]);
    expect(sentInShort()).toEqual([]);
    clock.advance(2_000);
    expect(sentInShort()).toEqual(['ACK 2.04 #7']);
  });

  test.each<[string, (bed: ReturnType<typeof givenAnEndpoint>) => void, string]>([
    ['a copy', (bed) => bed.say({ id: 7 }, 'device', 'there'), 'ACK 2.04 #7'],
    ['a ping', (bed) => bed.say(anEmpty('CON', 9), 'device', 'there'), 'RST 0.00 #9'],
    [
      'a critical option that nobody knows',
      (bed) => bed.say({ id: 9, options: [{ number: 9, value: new Uint8Array() }] }, 'device', 'there'),
      'ACK 4.02 #9',
    ],
    [
      'what is no message',
      (bed) => bed.endpoint.receive(Buffer.from('44010009', 'hex'), 'device', 'there'),
      'RST 0.00 #9',
    ],
  ])('what answers %s by a probed path waits', (_what, ask, expected) => {
    const bed = givenAnEndpoint();
    bed.say({ id: 7 });
    bed.sent();
    bed.probe();
    ask(bed);
    expect(bed.sentInShort()).toEqual([]);
    bed.answer(bed.probes[0], 'there');
    expect(bed.sentInShort()).toEqual([expected]);
  });

  test('a separate response waits too, and its acknowledgement is sent before it', async () => {
    const answers: ((code: number) => void)[] = [];
    const bed = givenAnEndpoint({
      ackAfterMs: 500,
      handle: () => new Promise((resolve) => answers.push((code) => resolve({ code }))),
    });
    const { say, probe, probes, answer, sentInShort, clock } = bed;
    probe();
    say({ id: 7 }, 'device', 'there');
    clock.advance(500);
    answers[0]?.(coapCode.changed);
    await settled();
    expect(sentInShort()).toEqual([]);
    answer(probes[0], 'there');
    const [ack, separate] = sentInShort();
    expect(ack).toBe('ACK 0.00 #7');
    expect(separate).toMatch(/^CON 2\.04/);
    // From now on it is sent again like all separate responses.
    clock.advance(3_000);
    expect(sentInShort()).toEqual([separate]);
  });
});

test('a request by the peer’s own path is answered at once during a probe', () => {
  const { say, probe, sentInShort } = givenAnEndpoint();
  probe();
  say({ id: 7 });
  expect(sentInShort()).toEqual(['ACK 2.04 #7']);
});

test('answers that wait are sent when the probe is ended', () => {
  const { say, probe, probes, answer, sentInShort, confirmed, endpoint } = givenAnEndpoint();
  probe();
  say({ id: 7 }, 'device', 'there');
  endpoint.endProbe('device');
  expect(sentInShort()).toEqual(['ACK 2.04 #7']);
  answer(probes[0], 'there');
  expect(confirmed).toEqual([]);
});

test('answers that wait are dropped when their peer is forgotten', () => {
  const { say, probe, sentInShort, endpoint, clock } = givenAnEndpoint();
  probe();
  say({ id: 7 }, 'device', 'there');
  endpoint.forget('device');
  clock.advance(600_000);
  expect(sentInShort()).toEqual([]);
  expect(endpoint.statistics()).toMatchObject({ peers: 0, pathProbes: 0, held: 0 });
});

test('a probe is sent again as any confirmable message is, and its answer counts until the last one has timed out', () => {
  const { probe, probes, answer, confirmed, clock, endpoint } = givenAnEndpoint();
  probe();
  // The same path is not probed again.
  probe();
  clock.advance(50_000);
  expect(probes).toHaveLength(5);
  expect(new Set(probes).size).toBe(1);
  answer(probes[0], 'there', 'ACK');
  expect(confirmed).toEqual(['there']);
  probe();
  clock.advance(100_000);
  expect(endpoint.statistics()).toMatchObject({ pathProbes: 0, peers: 0 });
});

test('a probe of another path replaces the probe, with another id, and the answers go on waiting', () => {
  const { say, probe, probes, answer, confirmed, sentInShort, endpoint } = givenAnEndpoint();
  for (let path = 0; path < 1_000; path++) probe(String(path));
  say({ id: 7 }, 'device', '3');
  answer(probes[3], '3');
  expect(confirmed).toEqual([]);
  expect(endpoint.statistics()).toMatchObject({ pathProbes: 1, held: 1 });
  answer(probes.at(-1), '999');
  expect(confirmed).toEqual(['999']);
  expect(sentInShort()).toEqual(['ACK 2.04 #7']);
  expect(new Set(probes).size).toBeGreaterThan(950);
});

test('a probe does not use the id of an unacknowledged response', async () => {
  const { say, probe, probes, sent, endpoint } = givenAnEndpoint({
    random: { next: () => 0, bytes: (length) => new Uint8Array(length) },
    ackAfterMs: 0,
    handle: async () => ({ code: coapCode.changed }),
  });
  say({ id: 7 });
  await settled();
  expect(sent().at(-1)).toMatchObject({ type: 'CON', id: 0 });
  void endpoint.ping('device');
  expect(sent().at(-1)).toMatchObject({ type: 'CON', id: 1 });
  probe();
  expect(probes).toEqual([2]);
});

describe('a peer that guesses the id of a probe', () => {
  test('a peer has eight wrong answers a minute, and other messages in between do not change that', () => {
    const { say, probe, probes, answer, confirmed, sentInShort, endpoint, clock } = givenAnEndpoint();
    // given guesses by ever new paths, with the probe given up in between
    for (let guess = 0; guess < 8; guess++) {
      probe(`path ${guess}`);
      answer(((probes.at(-1) ?? 0) + 1) & 0xffff, `path ${guess}`);
      endpoint.endProbe('device');
    }
    // then there is no probe for a while, and answers go to the known path
    probe();
    expect(probes).toHaveLength(8);
    say({ id: 7 }, 'device', 'there');
    expect(sentInShort()).toEqual(['ACK 2.04 #7']);
    expect(confirmed).toEqual([]);
    clock.advance(60_000);
    probe();
    answer(probes.at(-1), 'there');
    expect(confirmed).toEqual(['there']);
  });

  test('the eighth wrong answer ends the probe, and the answers that waited are sent', () => {
    const { say, probe, probes, answer, sentInShort } = givenAnEndpoint();
    probe();
    say({ id: 7 }, 'device', 'there');
    for (let guess = 1; guess <= 8; guess++) answer(((probes[0] ?? 0) + guess) & 0xffff, 'there');
    expect(sentInShort()).toEqual(['ACK 2.04 #7']);
  });
});

test('at most eight answers of a peer wait: beyond that the oldest is sent', () => {
  const { say, probe, sentInShort, endpoint } = givenAnEndpoint();
  probe();
  for (let id = 1; id <= 20; id++) say({ id }, 'device', 'there');
  expect(endpoint.statistics()).toMatchObject({ held: 8 });
  expect(sentInShort()).toEqual(Array.from({ length: 12 }, (_, i) => `ACK 2.04 #${i + 1}`));
});

test('at most 10,000 answers of all peers wait', () => {
  const { say, probe, endpoint, sent } = givenAnEndpoint();
  for (let peer = 0; peer < 2_000; peer++) {
    probe('there', String(peer));
    for (let id = 1; id <= 8; id++) say({ id }, String(peer), 'there');
  }
  expect(endpoint.statistics()).toMatchObject({ held: 10_000, pathProbes: 2_000 });
  expect(sent()).toHaveLength(6_000);
});

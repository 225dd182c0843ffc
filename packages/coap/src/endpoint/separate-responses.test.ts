import { ManualClock, settled } from '@rollcall/conformance';
import { later } from '@rollcall/core/environment';
import { describe, expect, test } from 'vitest';
import { coapCode } from '../wire/coap-code.ts';
import type { CoapRequest, CoapResponse } from './coap-request.ts';
import type { CoapEndpointOptions } from './endpoint-options.ts';
import { anEmpty, createEndpointBed, noRandom } from '../testing/endpoint-bed.ts';

const changed: CoapResponse = { code: coapCode.changed };

/** A handler that takes `workMs`. */
function givenAHandler(workMs: number, options: Partial<CoapEndpointOptions<string>> = {}) {
  const clock = new ManualClock();
  const startedAt = clock.monotonic();
  const log: string[] = [];
  const bed = createEndpointBed(clock, {
    handle: () =>
      new Promise((resolve) => {
        clock.at(later(clock.monotonic(), workMs), () => resolve(changed));
      }),
    ...options,
  });
  /** Lets time pass; returns what was sent, and when. */
  const pass = async (durationMs: number, stepMs = 100): Promise<string[]> => {
    for (let passed = 0; passed < durationMs; passed += stepMs) {
      await clock.advanceAsync(stepMs);
      for (const sent of bed.sentInShort()) log.push(`${clock.monotonic() - startedAt}: ${sent}`);
    }
    return log.splice(0);
  };
  return { ...bed, clock, pass };
}

describe('the acknowledgement', () => {
  test('the acknowledgement carries the answer when the handler answers within ackAfterMs', async () => {
    const { say, pass } = givenAHandler(300, { ackAfterMs: 500 });
    say();
    expect(await pass(2_000)).toEqual(['300: ACK 2.04 #1']);
  });

  test('the acknowledgement is sent alone when the handler takes longer than ackAfterMs', async () => {
    const { say, pass } = givenAHandler(1_000, { ackAfterMs: 500 });
    say();
    expect(await pass(2_000)).toEqual(['500: ACK 0.00 #1', '1000: CON 2.04 #0']);
  });

  test.each([undefined, -1])(
    'the acknowledgement waits for the answer, however long, with ackAfterMs %s',
    async (ackAfterMs) => {
      const { say, pass } = givenAHandler(60_000, ackAfterMs === undefined ? {} : { ackAfterMs });
      say();
      expect(await pass(61_000, 1_000)).toEqual(['60000: ACK 2.04 #1']);
    },
  );

  test('the acknowledgement is sent at once with ackAfterMs 0', async () => {
    const { say, sentInShort, pass } = givenAHandler(1_000, { ackAfterMs: 0 });
    say();
    expect(sentInShort()).toEqual(['ACK 0.00 #1']);
    expect(await pass(1_500)).toEqual(['1000: CON 2.04 #0']);
  });

  test('the acknowledgement carries the answer of a synchronous handler, even with ackAfterMs 0', () => {
    const { say, sentInShort } = createEndpointBed(new ManualClock(), { ackAfterMs: 0 });
    say();
    expect(sentInShort()).toEqual(['ACK 2.04 #1']);
  });

  test('a non-confirmable request is not acknowledged', async () => {
    const { say, pass } = givenAHandler(1_000, { ackAfterMs: 0 });
    say({ type: 'NON' });
    expect(await pass(2_000)).toEqual(['1000: NON 2.04 #0']);
  });
});

describe('ackAfter changes when a request is acknowledged', () => {
  const given = (decide: (request: CoapRequest<string>, ackAfter: (ms: number) => void) => void) => {
    const bed = givenAHandler(1_000, {
      ackAfterMs: 500,
      handle: (request) => {
        decide(request, (ms) => bed.endpoint.ackAfter(request, ms));
        return new Promise((resolve) => {
          bed.clock.at(later(bed.clock.monotonic(), 1_000), () => resolve(changed));
        });
      },
    });
    return bed;
  };

  test.each([
    ['earlier', 200, ['200: ACK 0.00 #1', '1000: CON 2.04 #0']],
    ['at once', 0, ['100: ACK 0.00 #1', '1000: CON 2.04 #0']],
    ['later', 800, ['800: ACK 0.00 #1', '1000: CON 2.04 #0']],
    ['never', -1, ['1000: ACK 2.04 #1']],
  ])('ackAfter, called by the handler as it begins: %s', async (_what, ms, expected) => {
    const { say, pass } = given((_request, ackAfter) => ackAfter(ms));
    say();
    expect(await pass(1_500)).toEqual(expected);
  });

  test('ackAfter, called while the handler works, counts from the arrival of the request', async () => {
    const { say, pass, endpoint, handled } = given(() => {});
    say();
    await pass(300);
    if (handled[0]) endpoint.ackAfter(handled[0], 100);
    expect(await pass(1_500)).toEqual(['400: ACK 0.00 #1', '1000: CON 2.04 #0']);
  });

  test('ackAfter changes nothing once the request is answered', async () => {
    const { say, pass, endpoint, handled } = given(() => {});
    say();
    await pass(1_500);
    if (handled[0]) endpoint.ackAfter(handled[0], 0);
    expect(await pass(2_000)).toEqual(['3000: CON 2.04 #0']);
  });
});

describe('a separate response', () => {
  async function givenOne(options: Partial<CoapEndpointOptions<string>> = {}) {
    const bed = givenAHandler(0, { ackAfterMs: 0, isVerified: () => true, ...options });
    bed.say();
    await settled();
    await bed.pass(1, 1);
    return bed;
  }

  test('a separate response is sent again four times, each wait twice the last, and then given up', async () => {
    const { pass, endpoint } = await givenOne();
    expect(await pass(100_000, 1_000)).toEqual([
      '2001: CON 2.04 #0',
      '6001: CON 2.04 #0',
      '14001: CON 2.04 #0',
      '30001: CON 2.04 #0',
    ]);
    expect(endpoint.statistics()).toMatchObject({ unacknowledged: 0, givenUp: 1, sentAgain: 4 });
  });

  test('the first wait of a separate response is drawn from 2 s to 3 s', async () => {
    const { pass } = await givenOne({ random: { ...noRandom, next: () => 0.999_999_9 } });
    const times = (await pass(100_000, 1_000)).map((line) => line.split(':')[0]);
    expect(times).toEqual(['3001', '9001', '21001', '45001']);
  });

  test('a separate response has the same bytes each time it is sent', async () => {
    const { clock, sent } = await givenOne();
    clock.advance(60_000);
    const all = sent().map(({ bytes }) => bytes);
    expect(all).toHaveLength(4);
    for (const bytes of all) expect(bytes).toEqual(all[0]);
  });

  test.each(['ACK', 'RST'] as const)(
    'a separate response is not sent again after an %s with its id from its receiver',
    async (type) => {
      const { say, pass, endpoint } = await givenOne();
      say(anEmpty(type, 0), 'another');
      say(anEmpty(type, 9));
      expect(await pass(2_500)).toEqual(['2001: CON 2.04 #0']);
      say(anEmpty(type, 0));
      expect(await pass(100_000, 1_000)).toEqual([]);
      expect(endpoint.statistics()).toMatchObject({ unacknowledged: 0, givenUp: 0, unexpected: 2 });
    },
  );

  test('a separate response is not settled by an acknowledgement that has content', async () => {
    const { say, endpoint } = await givenOne();
    say({ type: 'ACK', code: coapCode.content, id: 0 });
    expect(endpoint.statistics()).toMatchObject({ unacknowledged: 1, unexpected: 1 });
  });
});

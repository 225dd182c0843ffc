import { ManualClock, seededRandom } from '@rollcall/conformance';
import { later } from '@rollcall/core/environment';
import { describe, expect, test } from 'vitest';
import { coapCode, formatCode } from '../wire/coap-code.ts';
import { createCoapEndpoint } from './coap-endpoint.ts';
import { uriPath } from '../wire/option-values.ts';
import { createCoapClient, createLossyLink } from '../testing/index.ts';

/** A server that echoes bodies, more or less slowly, and devices that reach it over a bad network. */
function givenABadNetwork(seed: number, facts: { lost: number; ackAfterMs: number; devices: number }) {
  const random = seededRandom(seed);
  const clock = new ManualClock();
  const link = createLossyLink({
    clock,
    random,
    lost: facts.lost,
    doubled: 0.3,
    maxDelayMs: 900,
  });
  const runs = new Map<string, number>();
  const receivers: ((datagram: Uint8Array) => void)[] = [];
  const endpoint = createCoapEndpoint<number>({
    clock,
    random,
    ackAfterMs: facts.ackAfterMs,
    isVerified: () => true,
    limits: { blockBytes: 64 },
    send: (datagram, device) => link.carry(datagram, (bytes) => receivers[device]?.(bytes)),
    handle(request) {
      const name = `${request.peer} ${uriPath(request).join('/')}`;
      runs.set(name, (runs.get(name) ?? 0) + 1);
      const response = { code: coapCode.content, payload: request.payload };
      if (random.pick(3) === 0) return response;
      return new Promise((resolve) => {
        clock.at(later(clock.monotonic(), random.pick(2_000)), () => resolve(response));
      });
    },
  });
  const clients = Array.from({ length: facts.devices }, (_, device) => {
    const client = createCoapClient({
      clock,
      random,
      // With fewer retransmissions one request in fifty would be lost.
      timing: { maxRetransmit: 8 },
      send: (datagram) => link.carry(datagram, (bytes) => endpoint.receive(bytes, device)),
    });
    receivers.push((bytes) => client.receive(bytes));
    return client;
  });
  return { clock, random, clients, endpoint, runs };
}

describe.each([
  ['piggybacked', -1],
  ['sometimes separate', 500],
  ['separate', 0],
])('over a network that loses, doubles and reorders, with answers that are %s', (_what, ackAfterMs) => {
  test.each([1, 2, 3])('every request is answered, and handled exactly once (seed %i)', async (seed) => {
    const devices = 8;
    const { clock, random, clients, endpoint, runs } = givenABadNetwork(seed, {
      lost: 0.2,
      ackAfterMs,
      devices,
    });
    const outcomes: string[] = [];
    const work = clients.map(async (client, device) => {
      for (let index = 0; index < 12; index++) {
        const payload = Buffer.from(random.bytes(random.pick(4) === 0 ? 200 : 20));
        const answer = await client
          .request({ path: [String(index)], payload, blockBytes: 64 })
          .catch((error: unknown) => error as Error);
        if (answer instanceof Error) outcomes.push(`${device}/${index}: ${answer.message}`);
        else if (answer.code !== coapCode.content)
          outcomes.push(`${device}/${index}: ${formatCode(answer.code)}`);
        else if (!payload.equals(answer.payload)) outcomes.push(`${device}/${index}: another body`);
      }
    });
    const done = Promise.all(work).then(() => 'done');
    const passes = clock.advanceAsync(3_600_000).then(() => 'an hour has passed');
    expect(await Promise.race([done, passes])).toBe('done');
    expect(outcomes).toEqual([]);
    expect(runs.size).toBe(devices * 12);
    expect([...runs.values()].every((count) => count === 1)).toBe(true);
    expect(endpoint.statistics().duplicates).toBeGreaterThan(20);

    await passes;
    expect(endpoint.statistics()).toMatchObject({
      peers: 0,
      exchanges: 0,
      unacknowledged: 0,
      uploads: 0,
      downloads: 0,
    });
  });
});

test('non-confirmable requests are handled at most once', async () => {
  const { clock, clients, runs } = givenABadNetwork(9, { lost: 0.2, ackAfterMs: -1, devices: 1 });
  let answered = 0;
  for (let index = 0; index < 200; index++) {
    clients[0]?.request({ confirmable: false, path: [String(index)] }).then(
      () => answered++,
      () => {},
    );
    await clock.advanceAsync(100);
  }
  await clock.advanceAsync(400_000);
  expect([...runs.values()].every((count) => count === 1)).toBe(true);
  expect(runs.size).toBeGreaterThan(150);
  expect(answered).toBeGreaterThan(120);
});

test('pings find out which peers are there, over that network too', async () => {
  const { clock, clients, endpoint } = givenABadNetwork(5, { lost: 0.3, ackAfterMs: -1, devices: 10 });
  for (const client of clients.slice(5)) client.answerPings(false);
  const alive = Promise.all(clients.map((_client, device) => endpoint.ping(device)));
  await clock.advanceAsync(100_000);
  expect(await alive).toEqual(clients.map((_client, device) => device < 5));
  expect(await Promise.race([clients[0]?.ping(), clock.advanceAsync(100_000)])).toBe(true);
});

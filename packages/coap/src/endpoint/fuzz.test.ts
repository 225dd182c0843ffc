import { ManualClock, seededRandom, settled } from '@rollcall/conformance';
import { later } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { blockOption } from '../wire/block-option.ts';
import { coapCode } from '../wire/coap-code.ts';
import { createCoapEndpoint } from './coap-endpoint.ts';
import { coapOption } from '../wire/coap-option.ts';
import { decodeMessage } from '../wire/decode-message.ts';
import { emptyMessage, encodeMessage } from '../wire/encode-message.ts';
import { textOption, uintOption } from '../wire/option-values.ts';
import { aMessage } from '../testing/endpoint-bed.ts';
import { createCoapClient } from '../testing/index.ts';

const cases = Number(process.env['ROLLCALL_FUZZ_CASES'] ?? 500);

/** Messages of honest peers, which the test spoils. */
const samples: readonly Uint8Array[] = [
  aMessage({ options: [textOption(coapOption.uriPath, 'telemetry')], payload: Buffer.from('{"temp":21}') }),
  aMessage({
    type: 'NON',
    options: [textOption(coapOption.uriPath, 't'), uintOption(coapOption.contentFormat, 50)],
  }),
  aMessage({
    options: [blockOption(coapOption.block1, { num: 0, more: true, szx: 0 })],
    payload: Buffer.alloc(16),
  }),
  aMessage({
    options: [blockOption(coapOption.block1, { num: 1, more: false, szx: 0 })],
    payload: Buffer.alloc(9),
  }),
  aMessage({
    options: [blockOption(coapOption.block2, { num: 1, more: false, szx: 1 })],
    code: coapCode.get,
  }),
  aMessage({ options: [textOption(coapOption.uriQuery, 'x'.repeat(300)), uintOption(65_000, 2 ** 40)] }),
  aMessage({ type: 'ACK', code: coapCode.content, payload: Buffer.from('x') }),
]
  .map((message) => encodeMessage(message))
  .concat(emptyMessage('CON', 1), emptyMessage('ACK', 2), emptyMessage('RST', 3));

function spoiled(random: ReturnType<typeof seededRandom>): Uint8Array {
  if (random.pick(20) === 0) return random.bytes(random.pick(2_000));
  const bytes = Uint8Array.from(samples[random.pick(samples.length)] ?? []);
  bytes[3] = random.pick(256);
  for (let changes = random.pick(5); changes > 0; changes--)
    bytes[random.pick(bytes.length)] = random.pick(256);
  const cut = random.pick(4) === 0 ? bytes.subarray(0, random.pick(bytes.length)) : bytes;
  return random.pick(8) === 0 ? Buffer.concat([cut, random.bytes(random.pick(100))]) : cut;
}

test('spoiled datagrams neither break the endpoint, nor make it send too much, nor keep others from being answered', async () => {
  const random = seededRandom(20_261_125);
  const clock = new ManualClock();
  const limits = {
    maxExchanges: 500,
    maxWorking: 60,
    maxWorkingPerPeer: 20,
    maxUploadBytes: 20_000,
    maxDownloadBytes: 20_000,
  };
  let sentToHostile = 0;
  const endpoint = createCoapEndpoint<string>({
    clock,
    random,
    limits,
    ackAfterMs: 500,
    isVerified: (peer) => peer === 'honest',
    send(datagram, peer) {
      expect(decodeMessage(datagram)).not.toHaveProperty('problem');
      if (peer === 'honest') honest.receive(datagram);
      else sentToHostile += datagram.length;
    },
    handle(request) {
      const response = { code: coapCode.content, payload: new Uint8Array(random.pick(400)) };
      if (request.peer === 'honest') return { code: coapCode.content, payload: request.payload };
      switch (random.pick(4)) {
        case 0:
          return response;
        case 1:
          return new Promise((resolve) => {
            clock.at(later(clock.monotonic(), random.pick(20_000)), () => resolve(response));
          });
        case 2:
          return Promise.reject(new Error('broken'));
        default:
          return new Promise(() => {});
      }
    },
  });
  const honest = createCoapClient({
    clock,
    random,
    send: (datagram) => endpoint.receive(datagram, 'honest'),
  });

  function probe(peer: string, path: unknown): void {
    endpoint.probePath(peer, path, {
      send(datagram) {
        lastProbe = { datagram, peer, path };
      },
      confirmed() {
        confirmed++;
      },
    });
    // Now and then it is answered.
    if (!lastProbe || random.pick(3) !== 0) return;
    const { datagram, peer: probed, path: by } = lastProbe;
    endpoint.receive(emptyMessage('RST', datagram.readUInt16BE(2)), probed, by);
  }
  let lastProbe: { datagram: Buffer; peer: string; path: unknown } | undefined;
  let confirmed = 0;

  let honestRequests = 0;
  let hostileBytes = 0;
  for (let index = 0; index < cases; index++) {
    const datagram = spoiled(random);
    hostileBytes += Math.max(datagram.length, 22);
    const path = [undefined, undefined, 'a', 'b'][random.pick(4)];
    endpoint.receive(datagram, `hostile ${random.pick(10)}`, path);
    if (random.pick(30) === 0) probe(`hostile ${random.pick(10)}`, ['a', 'b', 'c'][random.pick(3)]);
    if (random.pick(100) === 0) endpoint.endProbe(`hostile ${random.pick(10)}`);
    if (random.pick(500) === 0) endpoint.forget(`hostile ${random.pick(10)}`);
    if (index % 20 !== 0) continue;
    await clock.advanceAsync(random.pick(30_000));
    const payload = Buffer.from(random.bytes(random.pick(3) === 0 ? 1_500 : 50));
    const answer = honest.request({ path: ['telemetry'], payload, blockBytes: 512 });
    await clock.advanceAsync(100_000);
    const { code, payload: echoed } = await answer;
    expect(code).toBe(coapCode.content);
    expect(payload.equals(echoed)).toBe(true);
    honestRequests++;
    const held = endpoint.statistics();
    expect(held.exchanges).toBeLessThanOrEqual(limits.maxExchanges + limits.maxWorking);
    expect(held.working).toBeLessThanOrEqual(limits.maxWorking);
    expect(held.uploadBytes).toBeLessThanOrEqual(limits.maxUploadBytes);
    expect(held.downloadBytes).toBeLessThanOrEqual(limits.maxDownloadBytes);
    expect(held.pathProbes).toBeLessThanOrEqual(10);
    expect(held.held).toBeLessThanOrEqual(8 * 10);
  }
  expect(honestRequests).toBe(Math.ceil(cases / 20));
  // Three bytes for each byte, but at least 64: that counts for datagrams below 22 bytes.
  expect(sentToHostile).toBeLessThanOrEqual(3 * hostileBytes);

  const seen = endpoint.statistics();
  expect(seen.received).toBeGreaterThan(cases);
  expect(seen.formatErrors).toBeGreaterThan(cases / 50);
  expect(seen.requests).toBeGreaterThan(cases / 10);
  clock.advance(600_000);
  await settled();
  expect(endpoint.statistics()).toMatchObject({
    peers: 0,
    exchanges: 0,
    working: 0,
    uploads: 0,
    downloads: 0,
    pathProbes: 0,
    held: 0,
  });
  expect(confirmed).toBeGreaterThan(cases / 500);
  endpoint.close();
  honest.close();
  expect(clock.armed).toBe(0);
});

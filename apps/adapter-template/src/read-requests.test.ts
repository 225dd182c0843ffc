import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { DeviceRequest } from './device-request.ts';
import { createForesight, type Foreseen } from './foresight.ts';
import { readRequests } from './read-requests.ts';
import { requestFormat } from './request-format.ts';
import { objections, says, tightBytes } from './testing/says.ts';

const { concat } = Buffer;
const { ping } = says;
const format = requestFormat(tightBytes);

/** Requests of pieces that are foreseen when they arrive, and then read. */
function readArriving(pieces: Iterable<Uint8Array>): AsyncGenerator<DeviceRequest, void, undefined> {
  const foresee = createForesight(format);
  let foreseen: Foreseen = { whole: false };
  async function* arriving(): AsyncGenerator<Uint8Array> {
    for (const piece of pieces) {
      foreseen = foresee(piece);
      yield piece;
    }
  }
  return readRequests(arriving(), format, () => foreseen.end);
}

async function requestsIn(...pieces: readonly Uint8Array[]): Promise<DeviceRequest['name'][]> {
  const names: DeviceRequest['name'][] = [];
  for await (const { name } of readArriving(pieces)) names.push(name);
  return names;
}

test('a request is one however it arrives', async () => {
  const pieces = [ping.subarray(0, 2), ping.subarray(2, -1), ping.subarray(-1), concat([ping, ping])];
  expect(await requestsIn(...pieces)).toEqual(['ping', 'ping', 'ping']);
});

test('what has no end is no request', async () => {
  expect(await requestsIn(concat([ping, ping.subarray(0, -1)]))).toEqual(['ping']);
});

test.each([
  ['nonsense', says.nonsense, { name: 'invalid', text: objections.nonsense }],
  ['a frame that is not sound', says.unsound, { name: 'invalid', text: objections.unsound }],
  [
    'a request that is too long',
    says.event('a/b', 'x'.repeat(tightBytes + 1)),
    { name: 'invalid', text: objections.tooLong },
  ],
])('%s is the last request', async (_what, last, expected) => {
  const requests: DeviceRequest[] = [];
  for await (const request of readArriving([concat([ping, last, ping])])) requests.push(request);
  expect(requests).toMatchObject([{ name: 'ping' }, expected]);
});

test('a request that is too long is given up at the limit, not when it ends', async () => {
  let read = 0;
  const long = says.event('a/b', 'x'.repeat(3 * tightBytes));
  function* inPieces(): Generator<Uint8Array> {
    for (; read < long.length / 4; read++) yield long.subarray(read * 4, (read + 1) * 4);
  }
  const requests: DeviceRequest[] = [];
  for await (const request of readArriving(inPieces())) requests.push(request);
  expect(requests).toEqual([{ name: 'invalid', text: objections.tooLong }]);
  expect(read).toBeLessThan(tightBytes / 4 + 4);
});

test('nothing is read while a request is carried out', async () => {
  let read = 0;
  function* counted(): Generator<Uint8Array> {
    for (; read < 10; read++) yield ping;
  }
  const requests = readArriving(counted());
  await requests.next();
  await requests.next();
  expect(read).toBe(1);
});

test('pieces of any size give the same requests', async () => {
  const random = seededRandom(3);
  const whole = concat([ping, says.event('a/b', '°°'), ping, says.telemetry('a/b', ''), ping]);
  for (let i = 0; i < 200; i++) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < whole.length;) {
      const length = 1 + random.pick(8);
      pieces.push(whole.subarray(at, at + length));
      at += length;
    }
    expect(await requestsIn(...pieces)).toEqual(['ping', 'event', 'ping', 'telemetry', 'ping']);
  }
});

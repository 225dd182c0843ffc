import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { DeviceRequest } from './device-request.ts';
import { createForesight, type Foreseen } from './foresight.ts';
import { readRequests } from './read-requests.ts';
import { requestFormat } from './request-format.ts';

const format = requestFormat(16);

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

async function requestsIn(...pieces: readonly (string | Uint8Array)[]): Promise<DeviceRequest['name'][]> {
  const names: DeviceRequest['name'][] = [];
  for await (const { name } of readArriving(pieces.map((piece) => Buffer.from(piece)))) names.push(name);
  return names;
}

test('a request ends with its line feed, however it arrives', async () => {
  expect(await requestsIn('pi', 'ng', '\n', 'ping\nbye\n')).toEqual(['ping', 'ping', 'bye']);
});

test('what has no line feed is no request', async () => {
  expect(await requestsIn('ping\nbye')).toEqual(['ping']);
});

test('a request may have its limit and no byte more, and nothing after it counts', async () => {
  expect(await requestsIn(`event a/b ${'x'.repeat(6)}\nbye\n`)).toEqual(['event', 'bye']);
  expect(await requestsIn(`ping\nevent a/b ${'x'.repeat(7)}\nbye\n`)).toEqual(['ping', 'invalid']);
});

test.each([
  ['ping\nbye\nping\n', [{ name: 'ping' }, { name: 'bye' }]],
  ['ping\nwhat\nping\n', [{ name: 'ping' }, { name: 'invalid', text: 'unknown request' }]],
  [Uint8Array.of(0x70, 0xff, 0x0a), [{ name: 'invalid', text: 'not UTF-8' }]],
])('what ends the session is the last request: %j', async (bytes, expected) => {
  const requests: DeviceRequest[] = [];
  for await (const request of readArriving([Buffer.from(bytes)])) requests.push(request);
  expect(requests).toEqual(expected);
});

test('a request without end is given up at the limit, not when it ends', async () => {
  let read = 0;
  function* endless(): Generator<Uint8Array> {
    for (; read < 1_000; read++) yield Buffer.from('xxxx');
  }
  const requests: DeviceRequest[] = [];
  for await (const request of readArriving(endless())) requests.push(request);
  expect(requests).toEqual([{ name: 'invalid', text: 'request too long' }]);
  expect(read).toBeLessThan(6);
});

test('nothing is read while a request is carried out', async () => {
  let read = 0;
  function* counted(): Generator<Uint8Array> {
    for (; read < 10; read++) yield Buffer.from('ping\n');
  }
  const requests = readArriving(counted());
  await requests.next();
  await requests.next();
  expect(read).toBe(1);
});

test('pieces of any size give the same requests', async () => {
  const random = seededRandom(3);
  const whole = Buffer.from('ping\nevent a/b °°\nping\ntelemetry a/b\nbye\n');
  for (let i = 0; i < 200; i++) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < whole.length;) {
      const length = 1 + random.pick(8);
      pieces.push(whole.subarray(at, at + length));
      at += length;
    }
    expect(await requestsIn(...pieces)).toEqual(['ping', 'event', 'ping', 'telemetry', 'bye']);
  }
});

import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { DeviceRequest } from './device-request.ts';
import { readRequests } from './read-requests.ts';

async function* inPieces(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function requestsIn(...pieces: readonly (string | Uint8Array)[]): Promise<DeviceRequest['name'][]> {
  const names: DeviceRequest['name'][] = [];
  for await (const { name } of readRequests(inPieces(pieces.map((piece) => Buffer.from(piece))), 16))
    names.push(name);
  return names;
}

test('a line ends with its line feed, however it arrives', async () => {
  expect(await requestsIn('pi', 'ng', '\n', 'ping\nbye\n')).toEqual(['ping', 'ping', 'bye']);
});

test('what has no line feed is no request', async () => {
  expect(await requestsIn('ping\nbye')).toEqual(['ping']);
});

test('a line may have its limit and no byte more, and nothing after it counts', async () => {
  expect(await requestsIn(`event a/b ${'x'.repeat(6)}\nbye\n`)).toEqual(['event', 'bye']);
  expect(await requestsIn(`ping\nevent a/b ${'x'.repeat(7)}\nbye\n`)).toEqual(['ping', 'invalid']);
});

test('a line without end is given up at the limit, not when it ends', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; read < 1_000; read++) yield Buffer.from('xxxx');
  }
  const requests: DeviceRequest[] = [];
  for await (const request of readRequests(endless(), 16)) requests.push(request);
  expect(requests).toEqual([{ name: 'invalid', text: 'line too long' }]);
  expect(read).toBeLessThan(6);
});

test('nothing is read while a request is carried out', async () => {
  let read = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (; read < 10; read++) yield Buffer.from('ping\n');
  }
  const requests = readRequests(counted(), 16);
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

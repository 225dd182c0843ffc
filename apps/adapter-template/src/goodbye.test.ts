import { startForTest } from '@rollcall/adapter-process/testing';
import { ManualClock, seededRandom } from '@rollcall/conformance';
import type { Change } from '@rollcall/core/tracker';
import { track } from '@rollcall/presence';
import { expect, onTestFinished, test } from 'vitest';
import { createTemplateAdapter } from './adapter.ts';
import { parseRequest } from './device-request.ts';
import { createForesight, type Ending, type Foreseen } from './foresight.ts';
import { readRequests } from './read-requests.ts';
import { requestFormat } from './request-format.ts';
import { connectDevice, welcome } from './testing/connect-device.ts';
import { options } from './testing/options.ts';
import { endOfTalk, objections, says, tightBytes } from './testing/says.ts';
import { templateTracker } from './tracker.ts';

// All tests that need a goodbye: delete this file where the protocol has none.

const { concat } = Buffer;
const { ping, nonsense } = says;
const bye = concat(endOfTalk);
const left: Ending = { type: 'bye' };

test.each([
  ['bye', { name: 'bye' }],
  ['bye bye', { name: 'invalid', text: 'bye takes no arguments' }],
])('%s', (frame, request) => {
  expect(parseRequest(Buffer.from(frame))).toEqual(request);
});

test.each<readonly [what: string, pieces: readonly Uint8Array[], expected: Ending | undefined]>([
  ['a goodbye', [bye], left],
  ['a goodbye behind another request', [concat([ping, bye])], left],
  ['a goodbye in pieces', [...concat([ping, bye])].map((byte) => Uint8Array.of(byte)), left],
  ['requests behind a goodbye', [concat([bye, ping]), ping], left],
  ['a goodbye without its end', [bye.subarray(0, -1)], undefined],
  ['nonsense behind a goodbye', [concat([bye, nonsense])], left],
  [
    'a goodbye behind nonsense',
    [concat([nonsense, bye])],
    { type: 'protocol-error', text: objections.nonsense },
  ],
  ['data that are a goodbye', [says.event('a/b', bye.subarray(0, -1))], undefined],
])('%s: how the session ends', (_what, pieces, expected) => {
  const foresee = createForesight(requestFormat(tightBytes));
  expect(pieces.map((piece) => foresee(piece).end?.ending).at(-1)).toEqual(expected);
});

test('a goodbye is the last request, in pieces of any size', async () => {
  const random = seededRandom(3);
  const whole = concat([ping, bye, ping]);
  for (let round = 0; round < 50; round++) {
    const format = requestFormat(tightBytes);
    const foresee = createForesight(format);
    let foreseen: Foreseen = { whole: false };
    async function* arriving(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < whole.length;) {
        const piece = whole.subarray(at, at + 1 + random.pick(8));
        at += piece.length;
        foreseen = foresee(piece);
        yield piece;
      }
    }
    const names: string[] = [];
    for await (const { name } of readRequests(arriving(), format, () => foreseen.end)) names.push(name);
    expect(names).toEqual(['ping', 'bye']);
  }
});

test('a device leaves when its goodbye arrives, and the socket that closes then changes nothing', () => {
  const clock = new ManualClock();
  const seen: Change[] = [];
  const { report } = track(templateTracker, clock, (change) => seen.push(change));
  report({ type: 'accepted', idleLimitMs: 60_000 });
  report({ type: 'answered' });
  clock.advance(45_000);
  report({ type: 'arrived', whole: true });
  const lastSeen = clock.monotonic();
  clock.advance(5_000);
  report({ type: 'bye' });
  report({ type: 'socket-closed' });
  expect(seen).toMatchObject([
    { type: 'connected' },
    { type: 'disconnected', reason: 'client-closed', lastSeen, endedAt: lastSeen },
  ]);
});

test('a goodbye is answered, and the connection closed', async () => {
  const { address, events, running } = await startForTest(createTemplateAdapter(options));
  onTestFinished(() => running.stop({ graceMs: 0 }));
  const device = connectDevice(address.port);
  expect(await device.logIn()).toBe(welcome);
  device.send(says.event('text/plain', '21'), bye);
  expect([await device.next(), await device.next(), await device.next()]).toEqual(['ok', 'ok', undefined]);
  expect((await events(2))[1]).toMatchObject({ reason: 'client-closed', clean: true });
});

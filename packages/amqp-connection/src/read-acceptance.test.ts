import { createRequire } from 'node:module';
import { seededRandom } from '@rollcall/conformance';
import rhea from 'rhea';
import { expect, test } from 'vitest';
import { readAcceptance } from './read-acceptance.ts';

const rheaFrames = createRequire(import.meta.url)('rhea/lib/frames.js') as {
  disposition(fields: object): object;
  amqp_frame(channel: number, performative: object): object;
  write_frame(frame: object): Buffer;
  read_frame(bytes: Buffer): { readonly channel: number; readonly performative: Record<string, unknown> };
};
const outcomes = rhea.message as unknown as Record<'accepted' | 'released', () => { described(): unknown }>;

function written(channel: number, fields: object): Buffer {
  const usual = { role: true, settled: true, state: outcomes.accepted().described() };
  return rheaFrames.write_frame(
    rheaFrames.amqp_frame(channel, rheaFrames.disposition({ ...usual, ...fields })),
  );
}

function read(frame: Buffer): ReturnType<typeof readAcceptance> {
  // Between other bytes, since frames come together.
  const bytes = Buffer.concat([Buffer.alloc(3, 0x41), frame, Buffer.alloc(9, 0x41)]);
  return readAcceptance(bytes, 3, 3 + frame.length);
}

test.each([
  { channel: 0, first: 0, last: 0 },
  { channel: 1, first: 0, last: 255 },
  { channel: 65_535, first: 255, last: 256 },
  { channel: 7, first: 4_294_967_294, last: 4_294_967_295 },
])('an acceptance is read as rhea writes it: %j', ({ channel, first, last }) => {
  expect(read(written(channel, { first, last }))).toEqual({ channel, first, last });
  expect(read(written(channel, { first, last, batchable: true }))).toEqual({ channel, first, last });
  expect(read(written(channel, { first }))).toEqual({ channel, first, last: first });
});

test.each([
  ['00000018 02000005 005315 c00b05 41 5209 5209 41 00532445', { channel: 5, first: 9, last: 9 }],
  ['0000001a 02000000 005315 c00d06 41 43 5203 41 005324c00100 42', { channel: 0, first: 0, last: 3 }],
])('an acceptance is read in other forms: %s', (hex, acceptance) => {
  expect(read(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toEqual(acceptance);
});

test('no other frame is read as an acceptance', () => {
  expect(read(written(0, { first: 1, role: false }))).toBeUndefined();
  expect(read(written(0, { first: 1, settled: false }))).toBeUndefined();
  expect(read(written(0, { first: 1, settled: undefined }))).toBeUndefined();
  expect(read(written(0, { first: 1, state: outcomes.released().described() }))).toBeUndefined();
  expect(read(written(0, { first: 1, state: undefined }))).toBeUndefined();
  expect(read(Buffer.from('0000000802000000', 'hex'))).toBeUndefined();
});

test('no mutated frame is read as an acceptance that rhea reads differently', () => {
  const random = seededRandom(20_261_125);
  const frames = [1, 300, 70_000].map((last) => written(2, { first: 1, last, batchable: true }));
  let agreed = 0;
  for (let round = 0; round < 20_000; round++) {
    const frame = Buffer.from(frames[random.pick(frames.length)] ?? []);
    // The size of the frame stays, since the caller relies on it.
    for (let changes = 1 + random.pick(2); changes > 0; changes--)
      frame[4 + random.pick(frame.length - 4)] = random.pick(256);
    const acceptance = read(frame);
    if (!acceptance) continue;
    const { channel, performative } = rheaFrames.read_frame(frame);
    expect(performative).toMatchObject({ role: true, settled: true, first: acceptance.first });
    expect(performative['last'] ?? performative['first']).toBe(acceptance.last);
    expect(performative['state']).toMatchObject({ descriptor: { value: 0x24 } });
    expect(channel).toBe(acceptance.channel);
    agreed += 1;
  }
  expect(agreed).toBeGreaterThan(500);
});

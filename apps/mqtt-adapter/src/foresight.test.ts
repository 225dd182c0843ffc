import { generate, type Packet } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { Foresight } from './foresight.ts';
import { createFrameScanner } from './frame-scanner.ts';

const bytesOf = (packet: Packet): Buffer => generate(packet, { protocolVersion: 5 });
const connect = bytesOf({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clientId: 'a' });
const publish = (topic: string): Buffer =>
  bytesOf({ cmd: 'publish', topic, payload: 'x', qos: 1, messageId: 1, dup: false, retain: false });
const goodbye = bytesOf({ cmd: 'disconnect', reasonCode: 0 });
const upload = publish('event');
const wildcard = publish('event/#');
const long = publish(`${'event/'.repeat(50)}#`);
const introduced = { version: 5, sessionExpiryAsked: false };
const leaves = { type: 'disconnect-packet' };
const breaks = { type: 'protocol-error', code: 0x90 };

type Piece = readonly [bytes: Uint8Array, waits: boolean];

/** What is foreseen when the device is let in, behind its CONNECT, and with each piece that follows. */
function foresee(behindConnect: Uint8Array, ...pieces: readonly Piece[]) {
  const scan = createFrameScanner(1_000);
  const foresight = new Foresight(() => {});
  const first = Buffer.concat([connect, behindConnect]);
  foresight.arrived(first, scan(first), true);
  const atLogin = foresight.begin(introduced);
  return [atLogin, ...pieces.map(([bytes, waits]) => foresight.arrived(bytes, scan(bytes), waits))];
}

describe('behind a CONNECT', () => {
  test.each([
    ['nothing', [], undefined],
    ['an upload', [upload], undefined],
    ['a goodbye', [upload, goodbye], leaves],
    ['a breach before a goodbye', [upload, wildcard, goodbye], breaks],
    ['bytes that are no packet', [Buffer.from([0xf0, 0])], { type: 'protocol-error' }],
  ])('%s', (_what, behind, end) => {
    const [foreseen] = foresee(Buffer.concat(behind));
    if (end) expect(foreseen).toMatchObject(end);
    else expect(foreseen).toBeUndefined();
  });
});

test('what aedes reads in this turn is left to it, but for a goodbye and what came with it', () => {
  const none = Buffer.alloc(0);
  expect(foresee(none, [wildcard, false])).toEqual([undefined, undefined]);
  expect(foresee(none, [goodbye, false])[1]).toMatchObject(leaves);
  expect(foresee(none, [Buffer.concat([wildcard, goodbye]), false])[1]).toMatchObject(breaks);
});

test('what waits is read from where a packet begins, also if that arrives in pieces', () => {
  const none = Buffer.alloc(0);
  const half = upload.length - 3;
  const rest = Buffer.concat([upload.subarray(half), wildcard.subarray(0, 4)]);
  const foreseen = foresee(
    none,
    // The first half of an upload is read at once, the second waits.
    [upload.subarray(0, half), false],
    [rest, true],
    [wildcard.subarray(4), true],
    [goodbye, true],
  );
  expect(foreseen.slice(0, 3)).toEqual([undefined, undefined, undefined]);
  expect(foreseen[3]).toMatchObject(breaks);
  expect(foreseen[4]).toMatchObject(breaks);
});

test.each([
  ['in the piece before', [Buffer.concat([upload, wildcard.subarray(0, 4)])]],
  ['in several before', [wildcard.subarray(0, 1), wildcard.subarray(1, 2), wildcard.subarray(2, 4)]],
  ['in very many', Array.from({ length: 150 }, (_, at) => long.subarray(at, at + 1))],
])('a packet that aedes began to read %s is read whole with what waits', (_where, before) => {
  const rest = before.length > 100 ? long.subarray(before.length) : wildcard.subarray(4);
  const none = Buffer.alloc(0);
  const pieces = before.map((bytes) => [bytes, false] as const);
  const foreseen = foresee(none, ...pieces, [Buffer.concat([rest, goodbye]), true]);
  expect(foreseen.slice(0, -1).every((end) => end === undefined)).toBe(true);
  expect(foreseen.at(-1)).toMatchObject(breaks);
});

test('a packet that began in what waited, before that was handled, is read whole', () => {
  const foresight = new Foresight(() => {});
  const scan = createFrameScanner(1_000);
  const arrive = (bytes: Uint8Array) => foresight.arrived(bytes, scan(bytes), true);
  arrive(connect);
  foresight.begin(introduced);
  expect(arrive(Buffer.concat([upload, wildcard.subarray(0, 4)]))).toBeUndefined();
  foresight.rest();
  expect(arrive(Buffer.concat([wildcard.subarray(4), goodbye]))).toMatchObject(breaks);
});

test('a goodbye that arrives in pieces is foreseen with its last one', () => {
  const none = Buffer.alloc(0);
  const first = goodbye.subarray(0, 1);
  const last = goodbye.subarray(1);
  expect(foresee(none, [first, false], [last, false]).at(-1)).toMatchObject(leaves);
  expect(foresee(none, [first, true], [last, true]).at(-1)).toMatchObject(leaves);
});

describe('thirty thousand packets that arrive at once', () => {
  const pings = Buffer.alloc(60_000, Buffer.from([0xc0, 0]));
  function given() {
    const found: unknown[] = [];
    const foresight = new Foresight((end) => found.push(end));
    const scan = createFrameScanner(1_000);
    const arrive = (bytes: Uint8Array) => foresight.arrived(bytes, scan(bytes), true);
    arrive(connect);
    foresight.begin(introduced);
    return { found, foresight, arrive };
  }

  test('are read in parts, one each turn of the event loop, and of several ends the first counts', async () => {
    const { found, foresight, arrive } = given();
    expect(arrive(Buffer.concat([pings, wildcard]))).toBeUndefined();
    foresight.rest();
    expect(arrive(goodbye)).toBeUndefined();
    let turns = 0;
    for (; found.length === 0 && turns < 100; turns += 1) await new Promise(setImmediate);
    expect(found).toMatchObject([breaks]);
    expect(turns).toBe(Math.floor(pings.length / 4_096));
  });

  test('are read to their end before the end of the connection counts', () => {
    const { foresight, arrive } = given();
    expect(arrive(Buffer.concat([pings, goodbye]))).toBeUndefined();
    expect(foresight.finish()).toMatchObject(leaves);
  });
});

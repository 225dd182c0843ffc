import { seededRandom } from '@rollcall/conformance';
import { generate, type Packet } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { createFrameScanner, type Scanned } from './frame-scanner.ts';

const bytesOf = (packet: Packet): Buffer => generate(packet, { protocolVersion: 5 });
const connect = bytesOf({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clientId: 'a' });
const publish = bytesOf({
  cmd: 'publish',
  topic: 'telemetry',
  payload: Buffer.alloc(300, 0xe0),
  qos: 1,
  messageId: 1,
  dup: false,
  retain: false,
});
const ping = bytesOf({ cmd: 'pingreq' });
const goodbye = bytesOf({
  cmd: 'disconnect',
  reasonCode: 0x80,
  properties: { reasonString: 'out of memory' },
});
const shortGoodbye = Buffer.from([0xe0, 0]);

function scan(...pieces: readonly Uint8Array[]): readonly Scanned[] {
  const scanner = createFrameScanner(1_000);
  return pieces.map((piece) => scanner(piece));
}

test.each([goodbye, shortGoodbye])('a DISCONNECT is recognized in whatever pieces it arrives', (bytes) => {
  const random = seededRandom(7);
  const conversation = Buffer.concat([connect, publish, ping, publish, bytes]);
  for (let round = 0; round < 200; round++) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < conversation.length;) {
      const length = 1 + random.pick(round % 2 === 0 ? 8 : 400);
      pieces.push(conversation.subarray(at, at + length));
      at += length;
    }
    const scanned = scan(...pieces);
    expect(scanned.at(-1)).toMatchObject({ whole: true, goodbye: Uint8Array.from(bytes) });
    expect(scanned.slice(0, -1).every((one) => one.goodbye === undefined)).toBe(true);
  }
});

test('a DISCONNECT of half a million bytes at once is recognized', () => {
  const long = Buffer.concat([Buffer.from([0xe0, 0xa0, 0xc2, 0x1e]), Buffer.alloc(500_000)]);
  const scanner = createFrameScanner(1_000_000);
  expect(scanner(connect)).toEqual({ whole: true });
  expect(scanner(long).goodbye).toHaveLength(long.length);
});

test('the scanner says of each piece whether a packet ends in it', () => {
  expect(
    scan(
      connect,
      publish.subarray(0, 1),
      publish.subarray(1, 3),
      publish.subarray(3, 100),
      publish.subarray(100),
      ping.subarray(0, 1),
      Buffer.concat([ping.subarray(1), publish.subarray(0, 50)]),
    ).map(({ whole }) => whole),
  ).toEqual([true, false, false, false, true, false, true]);
});

test('the scanner says of each piece how much has come of a packet that does not end in it', () => {
  expect(
    scan(
      connect.subarray(0, 5),
      connect.subarray(5),
      Buffer.concat([ping, publish.subarray(0, 1)]),
      publish.subarray(1, 100),
      Buffer.concat([publish.subarray(100), ping.subarray(0, 1)]),
      ping.subarray(1),
    ).map(({ unfinished }) => unfinished),
  ).toEqual([undefined, undefined, 1, 100, 1, undefined]);
});

describe('the frame scanner, behind', () => {
  test.each([
    ['a packet before CONNECT', ping],
    ['a second CONNECT', Buffer.concat([connect, connect])],
    ['a packet of a server', Buffer.concat([connect, Buffer.from([0x20, 0])])],
    ['flags that must not be', Buffer.concat([connect, Buffer.from([0xc1, 0])])],
    ['a length without end', Buffer.concat([connect, Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0])])],
    ['a packet that is too large', Buffer.concat([connect, Buffer.from([0x30, 0xe9, 0x07])])],
    ['a DISCONNECT that is malformed', Buffer.concat([connect, Buffer.from([0xe1, 0])])],
  ])('%s: what follows is not read as a DISCONNECT', (_what, bytes) => {
    expect(scan(Buffer.concat([bytes, shortGoodbye]), shortGoodbye)).not.toContainEqual(
      expect.objectContaining({ goodbye: expect.anything() }),
    );
  });
});

import { expect, test } from 'vitest';
import { readAcceptancesBesideRhea } from './acceptances-beside-rhea.ts';
import type { RawSession } from '@rollcall/rhea-internals/client';

/** A frame that says that delivery `id` was accepted, on a channel. */
function acceptance(id: number, channel = 4): Buffer {
  const frame = Buffer.from('0000001702000000005315c00a05415200404100532445', 'hex');
  frame.writeUInt16BE(channel, 6);
  frame[16] = id;
  return frame;
}

/** Another frame, recognisable by its last byte. */
function other(name: number): Buffer {
  return Buffer.from([0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x13, name]);
}

function givenASession(takes: (first: number) => boolean = () => true) {
  const seen: string[] = [];
  let registered = 0;
  const remoteChannelMap: Record<number, RawSession> = {};
  const connection = {
    amqp_transport: {
      read(bytes: Buffer) {
        let at = 0;
        while (at + 4 < bytes.length && at + bytes.readUInt32BE(at) <= bytes.length) {
          const end = at + bytes.readUInt32BE(at);
          if (end < at + 8 || bytes[end - 1] === 0xff) throw new Error('rhea does not like it');
          seen.push(`rhea ${bytes[at + 10] === 0x15 ? `disposition ${bytes[at + 16]}` : bytes[end - 1]}`);
          at = end;
        }
        return at;
      },
    },
    remote_channel_map: remoteChannelMap,
    _register: () => void (registered += 1),
  };
  const session = { connection } as unknown as RawSession;
  remoteChannelMap[4] = session;
  readAcceptancesBesideRhea(session, (first, last) => {
    if (takes(first)) seen.push(`accepted ${first}-${last}`);
    return takes(first);
  });
  const read = (...frames: readonly Buffer[]): number =>
    connection.amqp_transport.read(Buffer.concat(frames));
  return { seen, read, connection, remoteChannelMap, registered: () => registered };
}

test('acceptances are taken, and rhea gets all other frames in their order', () => {
  const { seen, read, registered } = givenASession();
  const frames = [other(1), acceptance(7), acceptance(8), other(2), other(3), acceptance(9)];
  expect(read(...frames)).toBe(Buffer.concat(frames).length);
  expect(seen).toEqual(['rhea 1', 'accepted 7-7', 'accepted 8-8', 'rhea 2', 'rhea 3', 'accepted 9-9']);
  expect(registered()).toBe(3);
});

test('bytes of an unfinished frame are left for the next read', () => {
  const { seen, read } = givenASession();
  const last = acceptance(9);
  for (let cut = 0; cut < last.length; cut++) {
    expect(read(acceptance(7), other(1), last.subarray(0, cut))).toBe(acceptance(7).length + 12);
    expect(seen.splice(0)).toEqual(['accepted 7-7', 'rhea 1']);
  }
});

test('rhea gets an acceptance that is not taken', () => {
  const { seen, read } = givenASession((first) => first !== 8);
  read(acceptance(7), acceptance(8), acceptance(9));
  expect(seen).toEqual(['accepted 7-7', 'rhea disposition 8', 'accepted 9-9']);
});

test('rhea gets acceptances for another session until that session is known too', () => {
  const { seen, read, connection, remoteChannelMap } = givenASession();
  read(acceptance(1, 5));
  const another = { connection } as unknown as RawSession;
  remoteChannelMap[5] = another;
  read(acceptance(2, 5));
  readAcceptancesBesideRhea(another, (first) => seen.push(`another ${first}`) > 0);
  read(acceptance(3, 5), acceptance(4));
  expect(seen).toEqual(['rhea disposition 1', 'rhea disposition 2', 'another 3', 'accepted 4-4']);
});

test.each([0, 3, 7])('rhea gets a frame that claims to be %i bytes long', (size) => {
  const { seen, read } = givenASession();
  const broken = Buffer.alloc(32);
  broken.writeUInt32BE(size);
  expect(() => read(acceptance(7), broken, acceptance(8))).toThrow('rhea does not like it');
  expect(seen).toEqual(['accepted 7-7']);
});

test('an error that rhea throws reaches the caller, and no later acceptance is taken', () => {
  const { seen, read } = givenASession();
  expect(() => read(other(0xff), acceptance(7))).toThrow('rhea does not like it');
  expect(seen).toEqual([]);
});

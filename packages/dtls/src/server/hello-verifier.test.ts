import { ManualClock, settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import {
  createTestBed,
  sensor1,
  type TestBed,
  type TestBedOptions,
  type TestDevice,
} from '../testing/test-bed.ts';
import { contentType } from '../wire/content-type.ts';
import { fragmentsOf, handshakeMessage } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { plainRecord } from '../wire/record.ts';

const cipherSuites = ['TLS_PSK_WITH_AES_128_CCM_8'] as const;

function given(
  options: Partial<TestBedOptions> = {},
): TestBed & TestDevice & { readonly clock: ManualClock } {
  const clock = new ManualClock();
  const bed = createTestBed({ clock, settled, ...options });
  return Object.assign(bed.device({ ...sensor1, cipherSuites }), bed, { clock });
}

/** A client's second hello, with a cookie, kept from arriving. */
async function secondHello(
  options: Partial<TestBedOptions> = {},
): Promise<ReturnType<typeof given> & { hello: Buffer }> {
  const device = given({
    ...options,
    network: (datagram) => (datagram[18] === 1 && datagram[13] === 1 ? [] : [datagram]),
  });
  device.client.connect();
  await device.run();
  const hello = device.sent[1];
  if (!hello) throw new Error('there is a second hello');
  return Object.assign(device, { hello });
}

function isServerHello(datagram: Buffer | undefined): boolean {
  return datagram?.[13] === handshakeType.serverHello;
}

describe('cookies', () => {
  test('a ClientHello without a cookie is answered with one, in the same sequence numbers, and not remembered', async () => {
    const { sent, answers, server } = await secondHello();
    expect(server.pendingHandshakes).toBe(0);
    const [answer] = answers;
    expect(answer?.subarray(0, 3).toString('hex')).toBe('16feff');
    expect(answer?.subarray(3, 11)).toEqual(sent[0]?.subarray(3, 11));
    expect(answer?.[13]).toBe(handshakeType.helloVerifyRequest);
    expect(answer?.length).toBeLessThan(sent[0]?.length ?? 0);
    expect(server.counters.helloVerifyRequests).toBe(1);
  });

  test('a genuine cookie begins a handshake, in the sequence numbers of its ClientHello', async () => {
    const { hello, forge, peer, answers, server } = await secondHello();
    forge(hello, peer);
    expect(isServerHello(answers[1])).toBe(true);
    expect(answers[1]?.subarray(3, 11)).toEqual(hello.subarray(3, 11));
    expect(server.pendingHandshakes).toBe(1);
  });

  test.each([
    ['that is another in any bit', (hello: Buffer) => hello.fill((hello[70] ?? 0) ^ 0x80, 70, 71)],
    ['that is for another random', (hello: Buffer) => hello.fill((hello[30] ?? 0) ^ 1, 30, 31)],
  ])('a cookie %s is answered with a new one', async (_, change) => {
    const { hello, forge, peer, answers, server } = await secondHello();
    forge(change(Buffer.from(hello)), peer);
    expect(answers[1]?.[13]).toBe(handshakeType.helloVerifyRequest);
    expect(server.pendingHandshakes).toBe(0);
  });

  test.each([
    ['from another address', { address: '127.0.0.2', port: 1 }],
    ['from another port', { address: '127.0.0.1', port: 2 }],
    ['from an address that begins the same', { address: '127.0.0.1', port: 11 }],
  ])('a cookie %s is answered with a new one', async (_, peer) => {
    const { hello, forge, answers, server } = await secondHello();
    forge(hello, peer);
    expect(answers[1]?.[13]).toBe(handshakeType.helloVerifyRequest);
    expect(server.pendingHandshakes).toBe(0);
  });

  test.each([
    [60_000, true],
    [119_999, true],
    [120_000, false],
    [600_000, false],
  ])('a cookie of %d ms ago is genuine: %s', async (waitMs, isGenuine) => {
    const { hello, forge, peer, answers, clock } = await secondHello();
    clock.advance(waitMs);
    forge(hello, peer);
    expect(isServerHello(answers.at(-1))).toBe(isGenuine);
  });

  test('a datagram full of hellos is answered once, whatever its size', async () => {
    const { sent, forge, answers } = await secondHello();
    const [first = Buffer.alloc(0)] = sent;
    forge(Buffer.concat(Array.from({ length: 10 }, () => first)), { address: '127.0.0.9', port: 9 });
    const start = first.subarray(25, 25 + 36);
    const tiny = Array.from({ length: 20 }, (_, i) =>
      handshakeMessage(handshakeType.clientHello, i % 4, start),
    );
    forge(plainRecord(contentType.handshake, 0, Buffer.concat(tiny)), { address: '127.0.0.9', port: 9 });
    expect(answers).toHaveLength(3);
  });
});

describe('a datagram with several ClientHellos', () => {
  test('a datagram full of hellos that are refused begins one handshake, and is answered once', async () => {
    const { hello, forge, peer, answers, log, server } = await secondHello();
    const body = Buffer.concat([hello.subarray(25, 25 + 56), Buffer.from('000213010100', 'hex')]);
    const refused = plainRecord(
      contentType.handshake,
      1,
      handshakeMessage(handshakeType.clientHello, 1, body),
    );
    forge(Buffer.concat(Array.from({ length: 15 }, () => refused)), peer);
    expect(log).toEqual(['failed no-common-suite']);
    expect(answers).toHaveLength(2);
    expect(server.counters.dropped.unexpected).toBe(14);
  });

  test('a datagram with the fragments of one ClientHello begins its handshake', async () => {
    const { hello, forge, peer, answers } = await secondHello();
    const fragments = fragmentsOf(hello.subarray(13), 60).map((fragment, i) =>
      plainRecord(contentType.handshake, 5 + i, fragment),
    );
    forge(Buffer.concat(fragments), peer);
    expect(fragments.length).toBeGreaterThan(1);
    expect(isServerHello(answers[1])).toBe(true);
  });
});

describe('a ClientHello that comes again', () => {
  test('a repeated ClientHello is answered with the same flight, at most each 100 ms and ten times in all', async () => {
    const { hello, forge, peer, answers, clock } = await secondHello();
    for (let i = 0; i < 50; i++) forge(hello, peer);
    expect(answers).toHaveLength(2);
    for (let i = 0; i < 50; i++) {
      clock.advance(100);
      forge(hello, peer);
    }
    expect(answers).toHaveLength(1 + 10);
  });
});

describe('a ClientHello with the cookie of another', () => {
  /** The same hello as message `sequence`: the cookie does not cover that. */
  const numbered = (hello: Buffer, sequence: number): Buffer => {
    const other = Buffer.from(hello);
    other.writeUInt16BE(sequence, 17);
    return other;
  };

  test('a datagram full of hellos with one cookie begins one handshake', async () => {
    const { hello, forge, peer, answers, server, log } = await secondHello();
    forge(Buffer.concat(Array.from({ length: 500 }, (_, i) => numbered(hello, 1 + (i % 2)))), peer);
    expect(answers.filter(isServerHello)).toHaveLength(1);
    expect(log).toEqual([]);
    expect(server.pendingHandshakes).toBe(1);
    expect(server.counters.dropped.unexpected).toBe(499);
  });

  test('however many datagrams come, a handshake begins again once, and then at most each 100 ms', async () => {
    const { hello, forge, peer, answers, server, clock } = await secondHello();
    for (let i = 0; i < 50; i++) forge(numbered(hello, 1 + (i % 2)), peer);
    expect(answers.filter(isServerHello)).toHaveLength(2);
    expect(server.counters.failures.restarted).toBe(1);
    for (let ms = 0; ms < 1_000; ms++) {
      clock.advance(1);
      forge(numbered(hello, 1 + (ms % 16)), peer);
    }
    expect(server.counters.failures.restarted).toBe(1 + 10);
    expect(server.pendingHandshakes).toBe(1);
  });
});

describe('a ClientHello in fragments', () => {
  const fragmented = (hello: Buffer, maxBytes: number): readonly Buffer[] =>
    fragmentsOf(hello.subarray(13), maxBytes).map((fragment, i) =>
      plainRecord(contentType.handshake, 5 + i, fragment),
    );

  test('a ClientHello in fragments begins a handshake once all are there, in any order after the first', async () => {
    const { hello, forge, peer, answers, server } = await secondHello();
    const [first, ...rest] = fragmented(hello, 60);
    for (const each of [first, ...rest.toReversed()]) {
      expect(answers).toHaveLength(1);
      if (each) forge(each, peer);
    }
    expect(rest).not.toHaveLength(0);
    expect(isServerHello(answers[1])).toBe(true);
    expect(server.pendingHandshakes).toBe(1);
  });

  test('the first fragment of a ClientHello is answered with a cookie, in fewer bytes than it has', async () => {
    const { sent, forge, answers, server } = await secondHello();
    const [first] = fragmented(sent[0] ?? Buffer.alloc(0), 70);
    if (first) forge(first, { address: '127.0.0.9', port: 9 });
    expect(answers[1]?.[13]).toBe(handshakeType.helloVerifyRequest);
    expect(answers[1]?.length).toBeLessThan(first?.length ?? 0);
    expect(server.pendingHandshakes).toBe(0);
  });

  test('a later fragment of a ClientHello is dropped where the first one has not come', async () => {
    const { hello, forge, peer, answers, server } = await secondHello();
    for (const each of fragmented(hello, 60).slice(1)) forge(each, peer);
    expect(server.pendingHandshakes).toBe(0);
    expect(answers).toHaveLength(1);
  });

  test('a ClientHello that a forged fragment spoiled is taken once the client repeats it', async () => {
    const { hello, forge, peer, answers } = await secondHello();
    const [first, second, ...rest] = fragmented(hello, 60);
    if (!first || !second) throw new Error('two fragments at the least');
    forge(first, peer);
    const foreign = Buffer.from(second);
    foreign.fill(0xff, 25);
    forge(foreign, peer);
    for (const each of rest) forge(each, peer);
    expect(answers).toHaveLength(1);
    for (const each of [first, second, ...rest]) forge(each, peer);
    expect(isServerHello(answers[1])).toBe(true);
  });

  test.each([
    ['longer than any needs to be', (hello: Buffer) => hello.writeUIntBE(4_097, 14, 3)],
    ['with a message number that no client gets to', (hello: Buffer) => hello.writeUInt16BE(17, 17)],
    [
      'with a record number that leaves none for the answer',
      (hello: Buffer) => hello.writeUIntBE(2 ** 48 - 1, 5, 6),
    ],
    ['with a session id of 33 bytes', (hello: Buffer) => hello.writeUInt8(33, 59)],
  ])('a ClientHello that is %s is dropped', async (_, change) => {
    const { hello, forge, peer, answers, server } = await secondHello();
    change(hello);
    forge(hello, peer);
    expect(answers).toHaveLength(1);
    expect(server.counters.dropped.malformed).toBe(1);
  });

  test('a ClientHello whose rest does not come is forgotten in time', async () => {
    const { hello, forge, peer, server, runFor, log } = await secondHello();
    const [first] = fragmented(hello, 60);
    if (first) forge(first, peer);
    expect(server.pendingHandshakes).toBe(1);
    await runFor(61_000);
    expect(server.pendingHandshakes).toBe(0);
    expect(log).toEqual(['failed timeout']);
  });
});

describe('a ClientHello that is refused', () => {
  /** The hello with other bytes behind its cookie: version, or cipher suites, compression and extensions. */
  async function refused(
    change: (body: Buffer) => Buffer,
  ): Promise<readonly [Buffer | undefined, readonly string[]]> {
    const { hello, forge, peer, answers, log, server } = await secondHello();
    const message = handshakeMessage(handshakeType.clientHello, 1, change(Buffer.from(hello.subarray(25))));
    forge(plainRecord(contentType.handshake, 1, message), peer);
    expect(server.pendingHandshakes).toBe(0);
    return [answers[1], log];
  }
  const rest = 2 + 32 + 1 + 1 + 20;
  const behindCookie =
    (hex: string) =>
    (body: Buffer): Buffer =>
      Buffer.concat([body.subarray(0, rest), Buffer.from(hex.replaceAll(' ', ''), 'hex')]);

  test.each([
    [
      'DTLS 1.0',
      (body: Buffer) => Buffer.concat([Buffer.from([0xfe, 0xff]), body.subarray(2)]),
      70,
      'version',
    ],
    ['TLS', (body: Buffer) => Buffer.concat([Buffer.from([3, 3]), body.subarray(2)]), 70, 'version'],
    ['no suite that is known', behindCookie('0002 1301 01 00'), 40, 'no-common-suite'],
    ['no null compression', behindCookie('0002 c0a8 01 01'), 47, 'no-common-suite'],
    ['a renegotiation', behindCookie('0002 c0a8 01 00 0006 ff01 0002 01 aa'), 40, 'renegotiation'],
    [
      'ECDHE, and no curve that is known',
      behindCookie('0002 d005 01 00 0008 000a 0004 0002 001d'),
      40,
      'no-common-suite',
    ],
    [
      'certificates, and no ECDSA with SHA-256',
      behindCookie('0002 c0ae 01 00 0008 000d 0004 0002 0401'),
      40,
      'no-common-suite',
    ],
  ])('a ClientHello is refused for %s', async (_, change, alert, failure) => {
    const [answer, log] = await refused(change);
    expect(answer?.toString('hex')).toBe(
      `15fefd00000000000000010002${Buffer.from([2, alert]).toString('hex')}`,
    );
    expect(log).toEqual([`failed ${failure}`]);
  });

  test('a ClientHello without extensions, as old and small clients send it, is accepted', async () => {
    for (const suite of ['c0a8', 'd003', 'c0ae']) {
      const { hello, forge, peer, answers } = await secondHello();
      const body = behindCookie(`0004 ${suite} 00ff 01 00`)(Buffer.from(hello.subarray(25)));
      forge(
        plainRecord(contentType.handshake, 1, handshakeMessage(handshakeType.clientHello, 1, body)),
        peer,
      );
      expect(isServerHello(answers[1])).toBe(true);
      // A client that offers TLS_EMPTY_RENEGOTIATION_INFO_SCSV gets the extension (RFC 5746 §3.6).
      expect(answers[1]?.includes(Buffer.from('ff01000100', 'hex'))).toBe(true);
    }
  });

  test.each([
    ['an extension that comes twice', '0002 c0a8 01 00 0008 0017 0000 0017 0000'],
    ['extensions that are cut', '0002 c0a8 01 00 0004 0017'],
    ['half a cipher suite', '0003 c0a8 00 01 00'],
    ['a connection id that is cut', '0002 c0a8 01 00 0006 0036 0002 05 aa'],
    ['something behind the extensions', '0002 c0a8 01 00 0004 0017 0000 00'],
    ['something behind the list of curves', '0002 d005 01 00 0009 000a 0005 0002 0017 00'],
  ])('a ClientHello malformed with %s is not answered, and the client may try again', async (_, hex) => {
    const { hello, forge, peer, answers, server } = await secondHello({ server: { connectionIdBytes: 4 } });
    const body = behindCookie(hex)(Buffer.from(hello.subarray(25)));
    forge(plainRecord(contentType.handshake, 1, handshakeMessage(handshakeType.clientHello, 1, body)), peer);
    expect(answers).toHaveLength(1);
    expect(server.counters.dropped.malformed).toBe(1);
    forge(hello, peer);
    expect(isServerHello(answers[1])).toBe(true);
  });
});

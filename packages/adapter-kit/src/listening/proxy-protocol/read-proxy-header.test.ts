import { seededRandom } from '@rollcall/conformance';
import { proxyV1, proxyV2, v2Signature } from '@rollcall/conformance/hostile';
import { describe, expect, test } from 'vitest';
import { maxProxyHeaderBytes, readProxyHeader } from './read-proxy-header.ts';

const peer = { address: '192.0.2.7', port: 50_122 };
const peer6 = { address: '2001:db8::7', port: 50_122 };
const local = proxyV2({ command: 0 });

describe('a header says whose connection it is', () => {
  test.each([
    ['version 1, IPv4', proxyV1(peer), peer],
    ['version 1, IPv6', proxyV1(peer6), peer6],
    ['version 1, IPv6 in full', proxyV1({ ...peer6, address: '2001:0db8:0:0:0:0:0:7' }), peer6],
    ['version 1, IPv4 in IPv6', proxyV1({ ...peer, address: '::ffff:192.0.2.7' }), peer],
    ['version 1, unknown', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
    ['version 1, unknown, with more', Buffer.from('PROXY UNKNOWN ffff::1 x y z\r\n'), undefined],
    ['version 2, IPv4', proxyV2({ peer }), peer],
    ['version 2, IPv6', proxyV2({ peer: peer6 }), peer6],
    ['version 2, with more after the addresses', proxyV2({ peer, more: Buffer.alloc(300, 4) }), peer],
    ['version 2, as long as may be', proxyV2({ peer, more: Buffer.alloc(maxProxyHeaderBytes - 28) }), peer],
    ['version 2, health check', local, undefined],
    ['version 2, health check with an address', proxyV2({ command: 0, peer }), undefined],
    ['version 2, health check of another family', proxyV2({ command: 0, family: 0x7f }), undefined],
    ['version 2, Unix socket', proxyV2({ family: 0x31, block: Buffer.alloc(216, 0x2f) }), undefined],
    ['version 2, unspecified', proxyV2({ family: 0x00 }), undefined],
  ])('%s', (_what, header, expected) => {
    const whole = { status: 'complete', length: header.length, ...(expected && { peer: expected }) };
    expect(readProxyHeader(header)).toEqual(whole);
    // What follows is not looked at.
    expect(readProxyHeader(Buffer.concat([header, Buffer.from('PROXY x\r\n')]))).toEqual(whole);
    // Nothing is said before it is whole.
    for (let length = 0; length < header.length; length++)
      expect(readProxyHeader(header.subarray(0, length))).toEqual({ status: 'incomplete' });
  });
});

const line = (text: string): Buffer => Buffer.from(`PROXY ${text}\r\n`, 'latin1');

test.each([
  line('TCP4 192.0.2.7 192.0.2.1 1'),
  line('TCP4 192.0.2.7 192.0.2.1 1 2 3'),
  line('TCP4 192.0.2.7  192.0.2.1 1 2'),
  line('TCP4 192.0.2.7 192.0.2.1 1 65536'),
  line('TCP4 192.0.2.7 192.0.2.1 -1 2'),
  line('TCP4 192.0.2.7 192.0.2.1 01 2'),
  line('TCP4 192.0.2.7 192.0.2.1 1e3 2'),
  line('TCP4 192.0.2.256 192.0.2.1 1 2'),
  line('TCP4 2001:db8::7 2001:db8::1 1 2'),
  line('TCP6 192.0.2.7 192.0.2.1 1 2'),
  line('TCP6 fe80::1%eth0 fe80::2 1 2'),
  line('TCP4 \u001B[2J 192.0.2.1 1 2'),
  line('UDP4 192.0.2.7 192.0.2.1 1 2'),
  line('tcp4 192.0.2.7 192.0.2.1 1 2'),
  line(''),
  // The longest line has 107 bytes, its end among them.
  Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`),
  Buffer.from(`PROXY ${'x'.repeat(5_000)}`),
  Buffer.concat([v2Signature, Buffer.from([0x11, 0x11, 0, 12]), Buffer.alloc(12)]),
  Buffer.concat([v2Signature, Buffer.from([0x31, 0x11, 0, 12]), Buffer.alloc(12)]),
  proxyV2({ command: 2, peer }),
  proxyV2({ command: 0xf, peer }),
  // Datagrams, and unknown protocols.
  proxyV2({ family: 0x12, block: Buffer.alloc(12) }),
  proxyV2({ family: 0x22, block: Buffer.alloc(36) }),
  proxyV2({ family: 0x32, block: Buffer.alloc(216) }),
  proxyV2({ family: 0x41, block: Buffer.alloc(216) }),
  proxyV2({ family: 0x11, block: Buffer.alloc(11) }),
  proxyV2({ family: 0x21, block: Buffer.alloc(35) }),
  proxyV2({ family: 0x31, block: Buffer.alloc(215) }),
  proxyV2({ peer, more: Buffer.alloc(maxProxyHeaderBytes - 27) }),
  proxyV2({ command: 0, block: Buffer.alloc(65_535) }),
])('is malformed: %o', (header) => {
  expect(readProxyHeader(header)).toMatchObject({
    status: 'malformed',
    problem: expect.any(String) as string,
  });
});

test('what is too long is refused before it has come', () => {
  const endless = Buffer.concat([v2Signature, Buffer.from([0x21, 0x11, 0xff, 0xff])]);
  expect(readProxyHeader(endless).status).toBe('malformed');
  expect(readProxyHeader(Buffer.from(`PROXY ${'x'.repeat(101)}`)).status).toBe('malformed');
  expect(readProxyHeader(Buffer.from(`PROXY ${'x'.repeat(100)}`)).status).toBe('incomplete');
});

test.each([
  ['MQTT', Buffer.from([0x10, 0x20])],
  ['TLS', Buffer.from([0x16, 3, 1])],
  ['AMQP', Buffer.from('AMQP')],
  ['HTTP', Buffer.from('POST /event')],
  ['HTTP with an empty line before', Buffer.from('\r\nGET /')],
  ['a word that begins alike', Buffer.from('PROXIES')],
])('%s begins otherwise', (_what, bytes) => {
  expect(readProxyHeader(bytes)).toEqual({ status: 'absent' });
});

test('whatever comes, it is read or refused within its bounds, and more of it changes no answer', () => {
  const random = seededRandom(7);
  const pieces = [proxyV1(peer), proxyV1(peer6), proxyV2({ peer }), proxyV2({ peer: peer6 }), local];
  for (let round = 0; round < 2_000; round++) {
    const bytes = Buffer.from(pieces[random.pick(pieces.length)] ?? local);
    for (let i = random.pick(4); i > 0; i--) bytes[random.pick(bytes.length)] = random.pick(256);
    const all = Buffer.concat([bytes, random.bytes(random.pick(2_200))]);
    const lengths = Array.from({ length: 12 }, () => random.pick(all.length)).toSorted((a, b) => a - b);
    const read = lengths.map((length) => readProxyHeader(all.subarray(0, length)));
    const undecided = read.findIndex(({ status }) => status !== 'incomplete');
    const decided = undecided < 0 ? [] : read.slice(undecided);
    expect(decided).toEqual(decided.map(() => decided[0]));
    const waiting = lengths.slice(0, undecided < 0 ? undefined : undecided);
    expect(waiting.filter((length) => length >= maxProxyHeaderBytes)).toEqual([]);
    const [first] = decided;
    if (first?.status === 'complete') expect(first.length).toBeLessThanOrEqual(lengths[undecided] ?? 0);
  }
});

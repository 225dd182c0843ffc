import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { ManualClock, settled } from '@rollcall/conformance';
import { proxyV1, proxyV2, v2Signature } from '@rollcall/conformance/hostile';
import { afterEach, describe, expect, test } from 'vitest';
import { parseAddressRanges } from '@rollcall/options/internal';
import { peerAddress } from '../../peers/peer-address.ts';
import { createProxyHeaders } from './proxy-headers.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const timeoutMs = 10_000;
const peer = { address: '203.0.113.7', port: 50_122 };

/** A server that records which peers it serves, and what they send. `trusted` are balancers; clients come from 127.0.0.1. */
async function givenAServer(trusted: readonly string[]) {
  const clock = new ManualClock();
  const refused: string[] = [];
  const served: { readonly address: string | undefined; said: string }[] = [];
  const headers = createProxyHeaders({
    trusted: parseAddressRanges(trusted),
    timeoutMs,
    clock,
    refused: (cause, remoteIp) => refused.push(`${cause} ${remoteIp}`),
  });
  const server = createServer((socket) => {
    headers.begin(socket, () => {
      const entry = { address: peerAddress(socket), said: '' };
      served.push(entry);
      socket.on('data', (chunk: Buffer) => (entry.said += chunk.toString('latin1')));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return {
    clock,
    refused,
    served,
    async connect(): Promise<Socket> {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.on('error', () => {});
      socket.resume();
      closing.push(() => socket.destroy());
      await once(socket, 'connect');
      return socket;
    },
  };
}

const headersOf = [
  ['version 1', proxyV1(peer)],
  ['version 2', proxyV2({ peer, more: Buffer.alloc(600) })],
] as const;

describe.each(headersOf)('from a balancer, %s', (_what, header) => {
  test.each([
    ['in one piece with what follows', [Buffer.concat([header, Buffer.from('hello')])]],
    ['before what follows', [header, Buffer.from('hello')]],
    ['byte by byte', [...header, ...Buffer.from('hello')].map((byte) => Buffer.from([byte]))],
  ])('%s', async (_how, pieces) => {
    const { connect: open, served, clock } = await givenAServer(['127.0.0.0/8']);
    const socket = await open();
    socket.setNoDelay(true);
    for (const piece of pieces) {
      socket.write(piece);
      await settled();
    }
    await expect.poll(() => served).toEqual([{ address: '203.0.113.7:50122', said: 'hello' }]);
    expect(clock.armed).toBe(0);
    socket.end();
  });

  test('with nothing behind it: the device may speak later', async () => {
    const { connect: open, served, clock } = await givenAServer(['127.0.0.1']);
    const socket = await open();
    socket.write(header);
    await expect.poll(() => served).toHaveLength(1);
    await clock.advanceAsync(10 * timeoutMs);
    socket.write('later');
    await expect.poll(() => served[0]?.said).toBe('later');
  });

  test('is taken from nobody else', async () => {
    const { connect: open, served, refused } = await givenAServer(['192.0.2.0/24']);
    const socket = await open();
    socket.write(Buffer.concat([header, Buffer.from('hello')]));
    await expect.poll(() => socket.closed).toBe(true);
    expect(refused).toEqual(['untrusted 127.0.0.1']);
    expect(served).toEqual([]);
  });
});

test.each([
  ['of its own', proxyV2({ command: 0 })],
  ['of nobody it knows', Buffer.from('PROXY UNKNOWN\r\n')],
  ['of a Unix socket', proxyV2({ family: 0x31, block: Buffer.alloc(216) })],
])('a connection of a balancer %s counts as the balancer', async (_what, header) => {
  const { connect: open, served } = await givenAServer(['127.0.0.1']);
  const socket = await open();
  socket.write(header);
  await expect.poll(() => served).toEqual([{ address: `127.0.0.1:${socket.localPort}`, said: '' }]);
});

test.each([
  ['missing', Buffer.from('\u0010\u0000')],
  ['missing', Buffer.from('PROXIED')],
  ['malformed', Buffer.from('PROXY TCP4 nonsense\r\n')],
  ['malformed', Buffer.from(`PROXY ${'x'.repeat(200)}`)],
  ['malformed', Buffer.concat([v2Signature, Buffer.from([0x21, 0x11, 0xff, 0xff])])],
])('from a balancer it must not be %s', async (cause, bytes) => {
  const { connect: open, served, refused, clock } = await givenAServer(['127.0.0.1']);
  const socket = await open();
  socket.write(bytes);
  await expect.poll(() => socket.closed).toBe(true);
  expect([refused, served, clock.armed]).toEqual([[`${cause} 127.0.0.1`], [], 0]);
});

test.each([
  ['nothing', '', ['late 127.0.0.1']],
  ['half a header', 'PROXY TCP4 203.0.113.7 192', ['late 127.0.0.1']],
])('a balancer that says %s is waited for until its time is over', async (_what, said, expected) => {
  const { connect: open, served, refused, clock } = await givenAServer(['127.0.0.1']);
  const socket = await open();
  socket.write(said);
  await settled();
  await expect.poll(() => clock.armed).toBe(1);
  await clock.advanceAsync(timeoutMs - 1);
  expect(socket.destroyed).toBe(false);
  await clock.advanceAsync(1);
  await expect.poll(() => socket.closed).toBe(true);
  expect([refused, served]).toEqual([expected, []]);
});

test('anybody else is served as ever, and not before it says something that is no header', async () => {
  const { connect: open, served, refused, clock } = await givenAServer(['192.0.2.1']);
  const [silent, slow, quick] = [await open(), await open(), await open()];
  quick.write('PUT / HTTP/1.1');
  slow.write('PRO');
  await expect.poll(() => served.map(({ said }) => said)).toEqual(['PUT / HTTP/1.1']);
  slow.write('PFIND');
  await expect.poll(() => served.map(({ said }) => said)).toEqual(['PUT / HTTP/1.1', 'PROPFIND']);
  await clock.advanceAsync(timeoutMs);
  await expect.poll(() => silent.closed).toBe(true);
  expect(refused).toEqual([]);
  expect([slow.destroyed, quick.destroyed]).toEqual([false, false]);
});

test('who hangs up meanwhile leaves nothing behind', async () => {
  const { connect: open, clock, served, refused } = await givenAServer(['127.0.0.1']);
  const [one, other] = [await open(), await open()];
  one.end('PROXY TCP4');
  other.resetAndDestroy();
  await expect.poll(() => one.closed).toBe(true);
  await expect.poll(() => clock.armed).toBe(0);
  expect([served, refused]).toEqual([[], []]);
});

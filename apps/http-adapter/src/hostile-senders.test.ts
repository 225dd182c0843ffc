import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { basic, endsWithTheTest, givenAnAdapter, send } from './testing/http-bed.ts';

describe('hostile HTTP senders', () => {
  function rawSocket(port: number): { readonly socket: Socket; readonly received: () => string } {
    const socket = connect(port, '127.0.0.1');
    endsWithTheTest(socket);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => {});
    return { socket, received: () => text };
  }
  const closed = (socket: Socket): Promise<unknown> =>
    socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));
  const head = (extra: string, name = 'thermostat-7@acme'): string =>
    `POST /telemetry HTTP/1.1\r\nhost: a\r\nauthorization: ${basic(name)}\r\ncontent-type: a/b\r\n${extra}\r\n`;

  test('a sender whose head or body takes too long is answered 408, on the real clock', async () => {
    const { port } = await givenAnAdapter({ requestTimeoutMs: 200 });
    const slowHead = rawSocket(port);
    const slowBody = rawSocket(port);
    slowHead.socket.write('POST /telemetry HTTP/1.1\r\nhost: a\r\nx: ');
    slowBody.socket.write(head('content-length: 100\r\n'));
    await Promise.all([closed(slowHead.socket), closed(slowBody.socket)]);
    expect(slowHead.received()).toContain('HTTP/1.1 408');
    expect(slowBody.received()).toContain('HTTP/1.1 408');
  });

  test.each<[string, string]>([
    ['slow heads', 'POST /telemetry HTTP/1.1\r\nhost: a\r\nx: '],
    [
      'bodies that do not come, of devices that are none',
      `POST /telemetry HTTP/1.1\r\nhost: a\r\nauthorization: ${basic('nobody@acme')}\r\ncontent-length: 9\r\n\r\n`,
    ],
    ['answered strangers that stay', 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'],
  ])('%s give way before connections of authenticated devices', async (_what, says) => {
    const { port } = await givenAnAdapter({ maxPendingSockets: 12 });
    const proved = rawSocket(port);
    const upload = async (count: number): Promise<void> => {
      proved.socket.write(`${head('content-length: 1\r\n')}x`);
      await expect.poll(() => proved.received().split('HTTP/1.1 202').length - 1).toBe(count);
    };
    await upload(1);
    const strangers: Socket[] = [];
    for (let i = 0; i < 40; i++) {
      const stranger = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      endsWithTheTest(stranger.on('error', () => {}).resume());
      strangers.push(stranger);
      await once(stranger, 'connect');
      stranger.write(says);
    }
    expect((await send(port, '/telemetry')).status).toBe(202);
    await upload(2);
    await expect.poll(() => strangers.filter((each) => each.closed).length).toBeGreaterThanOrEqual(28);
  });

  test('a silent connection is closed, on the real clock', async () => {
    const { port } = await givenAnAdapter({ idleTimeoutMs: 100 });
    const { socket, received } = rawSocket(port);
    await closed(socket);
    expect(received()).toBe('');
  });

  test('a connection on which something waits to be read is not idle, and a request that waits whole is not late', async () => {
    const { port, sink } = await givenAnAdapter({ idleTimeoutMs: 1_000, requestTimeoutMs: 1_000 });
    const idle = rawSocket(port);
    const begun = rawSocket(port);
    const upload = `${head('content-length: 1\r\n')}x`;
    idle.socket.write(upload);
    await expect.poll(() => idle.received()).toContain('HTTP/1.1 202');
    begun.socket.write(head('content-length: 1\r\n', 'valve-1@acme'));
    await expect.poll(() => sink.events).toHaveLength(2);
    // when: this process is frozen behind them. Timers come after `setImmediate`, and before sockets are read.
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        idle.socket.write(upload);
        begun.socket.write('x');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
        resolve();
      });
    });
    // then
    await expect.poll(() => idle.received().split('HTTP/1.1 202').length - 1).toBe(2);
    await expect.poll(() => begun.received()).toContain('HTTP/1.1');
    expect(begun.received()).toContain('HTTP/1.1 202');
  });

  test.each([
    ['garbage', '\u0000\u0001\u0002\r\n\r\n', 400],
    ['endless headers', `POST /telemetry HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`, 431],
    [
      'two lengths',
      'POST /telemetry HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
    ],
    [
      'length and chunks',
      'POST /telemetry HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
    ],
  ])('a sender of %s gets a clear answer, and its connection ends', async (_what, bytes, status) => {
    const { port } = await givenAnAdapter();
    const { socket, received } = rawSocket(port);
    socket.write(bytes, 'latin1');
    await closed(socket);
    expect(received()).toContain(`HTTP/1.1 ${status}`);
    expect(received()).toContain('{"error":');
  });

  test('an endless chunked body is refused with 413, and no more of it is read', async () => {
    const { port } = await givenAnAdapter();
    const { socket, received } = rawSocket(port);
    socket.write(head('transfer-encoding: chunked\r\n'));
    const chunk = `400\r\n${'x'.repeat(1_024)}\r\n`;
    const feeding = setInterval(() => socket.write(chunk), 1);
    await closed(socket);
    clearInterval(feeding);
    expect(received()).toContain('HTTP/1.1 413');
  });

  test('a connection with too many open requests is closed, and other connections go on', async () => {
    const adapter = await givenAnAdapter();
    const { socket } = rawSocket(adapter.port);
    const waits = 'POST /event?hono-ttd=60 HTTP/1.1\r\nhost: a\r\ncontent-type: a/b\r\ncontent-length: 0\r\n';
    socket.write(`${waits}authorization: ${basic('thermostat-7@acme')}\r\n\r\n`.repeat(40));
    await closed(socket);
    expect(adapter.sender.messages.length).toBeLessThanOrEqual(16);
    expect((await send(adapter.port, '/telemetry')).status).toBe(202);
    // Nothing of the requests that were cut off keeps the lease.
    await adapter.clock.advanceAsync(700_000);
    expect((await adapter.events(2))[1]).toMatchObject({ reason: 'inactive' });
  });
});

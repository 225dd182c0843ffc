import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { ManualClock, settled } from '@rollcall/conformance';
import { arrived } from '@rollcall/conformance/machine';
import { afterEach, expect, test } from 'vitest';
import { onArrival } from './on-arrival.ts';
import { outliveFailedWrites } from './outlive-failed-writes.ts';
import { readArrived } from './read-arrived.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Both ends of a network connection. */
async function givenAConnection(): Promise<{ readonly ours: Socket; readonly theirs: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const theirs = connect((server.address() as AddressInfo).port, '127.0.0.1');
  theirs.on('error', () => {});
  const [ours] = (await accepted) as [Socket];
  ours.on('error', () => {});
  closers.push(
    () => void ours.destroy(),
    () => void theirs.destroy(),
    () => server.close(),
  );
  return { ours, theirs };
}

async function textOf(stream: Duplex): Promise<string> {
  let text = '';
  for await (const bytes of readArrived(stream)) text += Buffer.from(bytes).toString();
  return text;
}

test('arrivals are told while nobody reads, until the buffer of the stream is full', async () => {
  const { ours, theirs } = await givenAConnection();
  let heard = 0;
  onArrival(ours, (bytes) => (heard += bytes.length));
  ours.read(0);
  theirs.write('hello');
  await expect.poll(() => heard).toBe(5);
  expect(ours.readableLength).toBe(5);
  theirs.write(Buffer.alloc(8_000_000));
  await expect.poll(() => ours.readableLength).toBeGreaterThanOrEqual(ours.readableHighWaterMark);
  for (let turn = 0; turn < 20; turn++) await settled();
  expect(ours.readableLength).toBeLessThan(4 * ours.readableHighWaterMark);
  // Nothing is lost, and everything is reported once.
  let read = 0;
  ours.on('data', (bytes: Buffer) => (read += bytes.length));
  await expect.poll(() => read).toBe(8_000_005);
  expect(heard).toBe(8_000_005);
});

test('what waits already is told of, and stays to be read', async () => {
  const { ours, theirs } = await givenAConnection();
  ours.read(0);
  theirs.end('before');
  await arrived(theirs);
  const heard: string[] = [];
  onArrival(ours, (bytes) => heard.push(Buffer.from(bytes).toString()));
  expect(heard).toEqual(['before']);
  expect(await textOf(ours)).toBe('before');
});

test('what had arrived is read to its end, also where the connection broke', async () => {
  const { ours, theirs } = await givenAConnection();
  ours.read(0);
  theirs.write('last ', () => theirs.write('words', () => theirs.resetAndDestroy()));
  await expect.poll(() => ours.closed).toBe(true);
  expect(ours.errored).not.toBeNull();
  expect(await textOf(ours)).toBe('last words');
});

test('a write that fails does not keep what the peer said before from being read', async () => {
  const { ours, theirs } = await givenAConnection();
  const clock = new ManualClock();
  outliveFailedWrites(ours, clock);
  const reading = textOf(ours);
  let answered = 0;
  theirs.write('goodbye', () => theirs.resetAndDestroy());
  await once(theirs, 'close');
  // The operating system knows of the reset; nothing was read yet.
  const written = new Promise<void>((resolve) =>
    ours.write('answer', () => {
      answered += 1;
      resolve();
    }),
  );
  await written;
  expect(await reading).toBe('goodbye');
  await expect.poll(() => [ours.closed, clock.armed]).toEqual([true, 0]);
  expect(answered).toBe(1);
});

test('a connection that cannot be written to, and says nothing, is given up', async () => {
  const stream = new Duplex({
    read() {},
    write: (_chunk, _encoding, done) => done(new Error('EPIPE')),
  });
  const clock = new ManualClock();
  outliveFailedWrites(stream as Socket, clock);
  const failed = once(stream, 'error');
  stream.write('answer');
  await settled();
  expect(stream.destroyed).toBe(false);
  await clock.advanceAsync(1_000);
  expect(String(((await failed) as [Error])[0])).toContain('EPIPE');
});

import { once } from 'node:events';
import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ManualClock } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { SseStream } from './sse-stream.ts';

test('a stream to a reader that left before it began has ended', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const request = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  request.on('error', () => {});
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  const closed = once(response, 'close');
  request.destroy();
  await closed;
  const clock = new ManualClock();
  const stream = new SseStream(response, clock);
  expect(stream.ended.aborted).toBe(true);
  await stream.write('nothing');
  expect(clock.armed).toBe(0);
});

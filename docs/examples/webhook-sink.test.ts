import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHmac } from 'node:crypto';
import { anOutboundEvent, describeSink, ManualClock, seededRandom } from '@rollcall/conformance';
import { ConfigError } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { afterEach, expect, test } from 'vitest';
import createSink from './webhook.ts';
import { createWebhookSink } from './webhook-sink.ts';

const secret = 'shared with the far side';

/** A far side that answers as told, and takes nothing that is not signed. */
async function givenAWebhook(answer: (response: ServerResponse) => void = (response) => response.end()) {
  const received: string[] = [];
  const server = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => {
      const signature = createHmac('sha256', secret).update(Buffer.concat(body)).digest('hex');
      if (request.headers['x-signature-sha256'] !== signature) response.writeHead(401);
      else received.push(String(request.headers['idempotency-key']));
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clock = new ManualClock();
  const { port } = server.address() as AddressInfo;
  const sink = createWebhookSink({ url: `http://127.0.0.1:${port}/`, secret, clock, timeoutMs: 5_000 });
  return {
    sink,
    clock,
    received: async () => received,
    async cleanUp() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describeSink('webhook', () => givenAWebhook());

const unhurried = new AbortController().signal;

test.each([
  [204, {}, { status: 'delivered' }],
  [422, {}, { status: 'refused', cause: { message: 'webhook answered 422' } }],
  [401, {}, { status: 'retryable', cause: { message: 'webhook answered 401' } }],
  [302, { location: '/elsewhere' }, { status: 'retryable' }],
  [503, { 'retry-after': '7' }, { status: 'retryable', retryAfterMs: 7_000 }],
])('%i %j is %j', async (status, headers, delivery) => {
  const { sink, clock, cleanUp } = await givenAWebhook((response) =>
    response.writeHead(status, headers).end(),
  );
  expect(await sink.deliver(anOutboundEvent('e1'), unhurried)).toMatchObject(delivery);
  expect(clock.armed).toBe(0);
  await cleanUp();
});

test('a far side that does not answer in time is asked again later', async () => {
  const { sink, clock, received, cleanUp } = await givenAWebhook(() => clock.advance(5_000));
  expect(await sink.deliver(anOutboundEvent('e1'), unhurried)).toMatchObject({ status: 'retryable' });
  expect(await received()).toEqual(['e1']);
  await cleanUp();
});

const context = { clock: new ManualClock(), random: seededRandom(1), log: silentLog };

afterEach(() => {
  delete process.env['WEBHOOK_URL'];
  delete process.env['WEBHOOK_SECRET'];
});

test('the module makes the sink of its environment, and tells everything that is wrong with it', async () => {
  process.env['WEBHOOK_URL'] = 'http://127.0.0.1:1/';
  process.env['WEBHOOK_SECRET'] = secret;
  expect((await createSink(context)).name).toBe('webhook');
  delete process.env['WEBHOOK_SECRET'];
  process.env['WEBHOOK_URL'] = 'here';
  expect(() => createSink(context)).toThrow(
    new ConfigError(['WEBHOOK_URL: must be a URL', 'WEBHOOK_SECRET: must be set']),
  );
});

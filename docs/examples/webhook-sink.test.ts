import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RecordingSender } from '@rollcall/adapter-kit/conformance';
import { anOutboundEvent, describeSink, ManualClock, RecordingSink } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createWebhookSink } from './webhook-sink.ts';
import { withWebhook } from './with-webhook.ts';

/** A far side that answers as told. */
async function givenAWebhook(answer: (response: ServerResponse) => void = (response) => response.end()) {
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(String(request.headers['idempotency-key']));
    request.resume().on('end', () => answer(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clock = new ManualClock();
  const { port } = server.address() as AddressInfo;
  const sink = createWebhookSink({ url: `http://127.0.0.1:${port}/`, clock, timeoutMs: 5_000 });
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

test('it takes the place of the Events API, and device data goes where it went', () => {
  const sender = new RecordingSender();
  const createMessaging = withWebhook(
    () => ({ sender, eventsSink: () => new RecordingSink() }),
    'http://127.0.0.1:1/',
  );
  const messaging = createMessaging({ clock: new ManualClock() } as unknown as Parameters<
    typeof createMessaging
  >[0]);
  expect(messaging.sender).toBe(sender);
  expect(messaging.eventsSink().name).toBe('webhook');
});

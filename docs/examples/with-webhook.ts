import type { Composition } from '@rollcall/adapter-kit';
import { createWebhookSink } from './webhook-sink.ts';

/** Device data goes to the messaging network as before; connection events called `events` go to a webhook. */
export function withWebhook(
  createMessaging: Composition['createMessaging'],
  url: string,
): Composition['createMessaging'] {
  return (options) => ({
    sender: createMessaging(options).sender,
    eventsSink: () => createWebhookSink({ url, clock: options.clock, timeoutMs: 5_000 }),
  });
}

import { createHmac } from 'node:crypto';
import { TransportError } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type { Delivery, EventSink } from '@rollcall/core/sink';

export interface WebhookSinkOptions {
  readonly url: string;
  /** Shared with the far side, which can tell by the signature that nobody else posts to it. */
  readonly secret: string;
  readonly clock: Clock;
  /** Longest wait for the answer about one event. */
  readonly timeoutMs: number;
}

/**
 * Posts each connection event as JSON. Its id is the idempotency key: the far side will see some events twice. The signature
 * is the HMAC-SHA-256 of the body.
 */
export function createWebhookSink({ url, secret, clock, timeoutMs }: WebhookSinkOptions): EventSink {
  const closing = new AbortController();

  return {
    name: 'webhook',
    async deliver({ event }, signal) {
      const late = new AbortController();
      const disarm = clock.at(later(clock.monotonic(), timeoutMs), () => late.abort());
      const body = JSON.stringify(event);
      const signature = createHmac('sha256', secret).update(body).digest('hex');
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'idempotency-key': event.id,
            'x-signature-sha256': signature,
          },
          body,
          redirect: 'manual',
          signal: AbortSignal.any([signal, closing.signal, late.signal]),
        });
        await response.body?.cancel();
        return verdict(response);
      } catch (cause) {
        return { status: 'retryable', cause: new TransportError('webhook cannot be reached', { cause }) };
      } finally {
        disarm();
      }
    },
    async close() {
      closing.abort();
    },
  };
}

/** Answers that say something about the event. Others, such as 401 or 404, would be the same for every event. */
const faultOfTheEvent: ReadonlySet<number> = new Set([400, 413, 422]);

function verdict({ ok, status, headers }: Response): Delivery {
  if (ok) return { status: 'delivered' };
  const cause = new TransportError(`webhook answered ${status}`);
  if (faultOfTheEvent.has(status)) return { status: 'refused', cause };
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return { status: 'retryable', cause, ...(seconds > 0 && { retryAfterMs: seconds * 1_000 }) };
}

import type rhea from 'rhea';

/** What of a device's message is uploaded. */
export interface DeviceMessageContent {
  readonly payload?: Uint8Array;
  readonly contentType?: string;
  readonly ttlSeconds?: number;
  readonly traceParent?: string;
  readonly traceState?: string;
}

/** Descriptor of a Data section (AMQP 1.0 §3.2.6). */
const dataSection = 0x75;

/** Reads a message as Hono does (`docs/hono-compatibility.md` §12). */
export function readMessage(message: rhea.Message): DeviceMessageContent {
  const payload = payloadOf(message.body);
  const { content_type: contentType, ttl } = message;
  const traces = {
    ...message.delivery_annotations,
    ...message.message_annotations,
    ...message.application_properties,
  };
  const traceParent = textOf(traces['traceparent']);
  const traceState = textOf(traces['tracestate']);
  return {
    ...(payload && { payload }),
    ...(typeof contentType === 'string' && contentType !== '' && { contentType }),
    ...(typeof ttl === 'number' && ttl >= 1_000 && { ttlSeconds: Math.floor(ttl / 1_000) }),
    ...(traceParent !== undefined && { traceParent }),
    ...(traceState !== undefined && { traceState }),
  };
}

/** Data, or a value that is text or binary; anything else is no payload. */
function payloadOf(body: unknown): Uint8Array | undefined {
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  if (typeof body !== 'object' || body === null || !('typecode' in body) || !('content' in body))
    return undefined;
  if (body.typecode !== dataSection) return undefined;
  const { content } = body;
  if (content instanceof Uint8Array) return content;
  // Several Data sections are one payload.
  return Array.isArray(content) && content.every((part) => part instanceof Uint8Array)
    ? Buffer.concat(content)
    : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

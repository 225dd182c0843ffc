import type { Timestamp } from '@rollcall/core';
import type { ReceivedMessage } from '@rollcall/hono-wire';
import type rhea from 'rhea';

/** rhea's section of a body: Data sections have typecode 0x75. */
interface BodySection {
  readonly typecode?: number;
  readonly content?: unknown;
}

/** A message as rhea decoded it, in a form that is independent of rhea. */
export function toReceivedMessage(message: rhea.Message): ReceivedMessage {
  const { creation_time: creationTime, message_id: messageId, correlation_id: correlationId } = message;
  return {
    annotations: plainMap(message.message_annotations),
    applicationProperties: plainMap(message.application_properties),
    ...(message.to !== undefined && message.to !== null && { address: message.to }),
    ...(messageId !== undefined && messageId !== null && { messageId: String(messageId) }),
    ...(typeof correlationId === 'string' && { correlationId }),
    ...(message.content_type !== undefined &&
      message.content_type !== null && { contentType: message.content_type }),
    ...(creationTime !== undefined &&
      creationTime !== null && { creationTime: Number(creationTime) as Timestamp }),
    ...(typeof message.durable === 'boolean' && { durable: message.durable }),
    ...(typeof message.ttl === 'number' && { ttlMs: message.ttl }),
    ...dataBody(message.body),
  };
}

const dataTypecode = 0x75;

function dataBody(body: unknown): { readonly body?: Uint8Array } {
  const { typecode, content } = (body ?? {}) as BodySection;
  if (typecode !== dataTypecode) return {};
  if (Buffer.isBuffer(content)) return { body: content };
  return Array.isArray(content)
    ? { body: Buffer.concat(content.filter((part) => Buffer.isBuffer(part))) }
    : {};
}

/** A copy without prototype, so that names like `__proto__` from the wire stay ordinary names. */
function plainMap(map: unknown): Readonly<Record<string, unknown>> {
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(map ?? {})) copy[name] = value;
  return copy;
}

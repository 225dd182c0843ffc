import type rhea from 'rhea';
import { isObject } from './json-fields.ts';

/** A request that can be answered. */
export interface ReceivedRequest {
  readonly subject: string;
  readonly replyTo: string;
  /** The correlation-id of the answer. */
  readonly correlationId: string | number;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array | undefined;
}

/** Descriptor of a Data section (AMQP 1.0 §3.2.6). */
const dataSection = 0x75;

/**
 * Reads a message as a request.
 *
 * @param hasDescribedBody whether its body is a described type (AMQP 1.0 §1.3.1): such a body is not a payload.
 * @returns `undefined` if the operation, the reply address, or an id for the correlation is missing.
 */
export function readRequest(message: rhea.Message, hasDescribedBody: boolean): ReceivedRequest | undefined {
  const { subject, reply_to: replyTo, application_properties: properties } = message;
  const correlationId: unknown = message.correlation_id ?? message.message_id;
  if (typeof correlationId !== 'string' && typeof correlationId !== 'number') return undefined;
  if (typeof subject !== 'string' || typeof replyTo !== 'string') return undefined;
  return {
    subject,
    replyTo,
    correlationId,
    properties: isObject(properties) ? properties : {},
    body: hasDescribedBody ? undefined : payloadOf(message.body),
  };
}

/** The payload: a Data section, or a value that is text or binary. */
function payloadOf(body: unknown): Uint8Array | undefined {
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  if (!isObject(body) || body['typecode'] !== dataSection) return undefined;
  const { content } = body;
  if (content instanceof Uint8Array) return content;
  return Array.isArray(content) && content.every((part) => part instanceof Uint8Array)
    ? Buffer.concat(content)
    : undefined;
}

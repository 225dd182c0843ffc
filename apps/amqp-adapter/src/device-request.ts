import type { AuthenticatedDevice } from '@rollcall/access';
import {
  noSuchEndpoint,
  readUploadAddress,
  type UploadAddress,
  type UploadRequest,
  type UploadResult,
} from '@rollcall/uplink';
import type { UploadFailure } from '@rollcall/core/device-data';
import type rhea from 'rhea';

/** What of a device's message is uploaded. */
export interface MessageContent {
  readonly payload?: Uint8Array;
  readonly contentType?: string;
  readonly ttlSeconds?: number;
  readonly traceParent?: string;
  readonly traceState?: string;
}

/** How a device sent its message. */
export interface SentMessage {
  /** Absent: an anonymous device. */
  readonly by: AuthenticatedDevice | undefined;
  /** The `to` of the message, of whatever type. */
  readonly to: unknown;
  readonly content: MessageContent;
  /** Whether the device waits for no outcome. */
  readonly presettled: boolean;
}

type Failed = Extract<UploadResult, { status: 'failed' }>;

/** Descriptor of a Data section (AMQP 1.0 §3.2.6). */
const dataSection = 0x75;
/** No address is longer; it would fill messages and logs. */
const maxAddressLength = 1_024;

/** A message as the upload it asks for, or why it asks for none (`docs/hono-compatibility.md` §12). */
export function uploadRequest({ by, to, content, presettled }: SentMessage): UploadRequest | Failed {
  const address = parseUploadAddress(to);
  if ('status' in address) return failed(address);
  return {
    ...(by && { by }),
    ...address,
    ...content,
    qos: presettled ? 0 : 1,
    qos0EventText: 'event endpoint accepts unsettled messages only',
    origAddress: String(to),
  };
}

/** Reads the `to` of a message, or says why nothing can be uploaded to it. */
export function parseUploadAddress(to: unknown): UploadAddress | UploadFailure {
  return typeof to !== 'string' || to.length > maxAddressLength ? noSuchEndpoint : readUploadAddress(to);
}

/** Reads a message as Hono does. */
export function readContent(message: rhea.Message, hasDescribedBody = false): MessageContent {
  // rhea leaves the descriptor out, and a value of a kind that is not known is no payload.
  const payload = hasDescribedBody ? undefined : payloadOf(message.body);
  const { content_type: contentType, ttl } = message;
  return {
    ...(payload && { payload }),
    ...(typeof contentType === 'string' && contentType !== '' && { contentType }),
    // A shorter time is a second.
    ...(typeof ttl === 'number' && ttl > 0 && { ttlSeconds: Math.max(1, Math.floor(ttl / 1_000)) }),
    ...traceContextOf(message),
  };
}

/** Where Hono's own clients put the trace context: a map among the message annotations. */
const traceContextAnnotation = 'x-opt-trace-context';

/** As Hono, what stands in its annotation counts; else what stands among annotations and properties. */
function traceContextOf({
  delivery_annotations: ofDelivery,
  message_annotations: ofMessage,
  application_properties: properties,
}: rhea.Message): Pick<MessageContent, 'traceParent' | 'traceState'> {
  const legacy: unknown = ofMessage?.[traceContextAnnotation];
  const traces: Readonly<Record<string, unknown>> =
    typeof legacy === 'object' && legacy !== null
      ? { ...legacy }
      : { ...ofDelivery, ...ofMessage, ...properties };
  const { traceparent, tracestate } = traces;
  return {
    ...(typeof traceparent === 'string' && { traceParent: traceparent }),
    ...(typeof tracestate === 'string' && { traceState: tracestate }),
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

function failed(failure: UploadFailure): Failed {
  return { status: 'failed', failure, terminal: false };
}

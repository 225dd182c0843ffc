import type { UploadRequest } from '@rollcall/uplink';
import type { UploadFailure } from '@rollcall/core/device-data';
import { emptyNotificationContentType } from '@rollcall/hono-wire';

/** A request of a device, as far as its head goes. */
export interface RequestHead {
  readonly endpoint: UploadRequest['endpoint'];
  /** Of the path, empty where it has none; absent for a device's own data. */
  readonly target?: { readonly tenant: string; readonly device: string };
  /** Path and query, as they arrived. */
  readonly url: string;
  /** The first of that name, which is in lower case. */
  header(name: string): string | undefined;
  /** Names in lower case. */
  readonly query: Readonly<Record<string, string>>;
}

/** What the head of a request asks for. */
export interface Asked {
  /** All of the upload but who sends it, and its body. */
  readonly upload: Omit<UploadRequest, 'by' | 'payload'>;
  /** Seconds, as the device said it. */
  readonly ttdSeconds?: number;
  /** Whether the device says that it leaves, if there is no body. */
  readonly goodbye: boolean;
}

/** Reads the head of a request (`docs/hono-compatibility.md` §10). */
export function readHead(head: RequestHead): Asked | UploadFailure {
  const { endpoint, target, url } = head;
  if (target?.device === '') return { status: 404, text: 'request URI must contain device ID' };
  const qos = qosOf(endpoint, head.header('qos-level'));
  if (typeof qos === 'object') return qos;
  const ttlSeconds = seconds(head, 'hono-ttl', Number.MAX_SAFE_INTEGER);
  const ttdSeconds = seconds(head, 'hono-ttd', maxTtdSeconds);
  const contentType = mediaTypeOf(head.header('content-type'));
  const traceParent = head.header('traceparent');
  const traceState = head.header('tracestate');
  return {
    upload: {
      endpoint,
      qos,
      qos0EventText: unsupportedQos.text,
      origAddress: url,
      ...(target && {
        target: { device: target.device, ...(target.tenant !== '' && { tenant: target.tenant }) },
      }),
      ...(contentType !== undefined && { contentType }),
      ...(ttlSeconds !== undefined && ttlSeconds >= 0 && { ttlSeconds }),
      ...(traceParent !== undefined && { traceParent }),
      ...(traceState !== undefined && { traceState }),
    },
    ...(ttdSeconds !== undefined && { ttdSeconds }),
    goodbye:
      endpoint === 'event' &&
      qos === 1 &&
      target === undefined &&
      contentType === emptyNotificationContentType &&
      ttdSeconds === 0,
  };
}

/** Hono reads it as an `int`. */
const maxTtdSeconds = 2 ** 31 - 1;

/** As Hono: without parameters, and otherwise whatever it is; none where there is nothing. */
function mediaTypeOf(header: string | undefined): string | undefined {
  return header?.split(';', 1)[0]?.trim() || undefined;
}

const unsupportedQos: UploadFailure = { status: 400, text: 'unsupported QoS-Level header value' };

function qosOf(endpoint: UploadRequest['endpoint'], level: string | undefined): 0 | 1 | UploadFailure {
  if (level === undefined || level === '') return endpoint === 'event' ? 1 : 0;
  const number = integerOf(level);
  return number === 0 || number === 1 ? number : unsupportedQos;
}

/** A number of seconds that stands in a header or, where there is none, in the query. As Hono, what is no number is not there. */
function seconds(head: RequestHead, name: string, max: number): number | undefined {
  const number = integerOf(head.header(name) ?? head.query[name]);
  return number !== undefined && Math.abs(number) <= max ? number : undefined;
}

/** As Java reads one. */
function integerOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d{1,19}$/.test(text) ? Number(text) : undefined;
}

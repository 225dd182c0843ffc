import type { IncomingHttpHeaders } from 'node:http';
import type { UploadRequest } from '@rollcall/uplink';
import type { UploadFailure } from '@rollcall/core';
import { emptyNotificationContentType } from '@rollcall/hono-wire';

/** A request of a device, as far as its head goes. */
export interface RequestHead {
  readonly endpoint: UploadRequest['endpoint'];
  /** Of the path; absent for a device's own data. */
  readonly target?: { readonly tenant: string; readonly device: string };
  /** Without query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: Readonly<Record<string, unknown>>;
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
  const { endpoint, target, path, headers } = head;
  if (target?.device === '') return { status: 404, text: 'Not Found' };
  const qos = qosOf(endpoint, headers['qos-level']);
  if (typeof qos === 'object') return qos;
  const ttlSeconds = seconds(head, 'hono-ttl');
  if (typeof ttlSeconds === 'object') return ttlSeconds;
  const ttdSeconds = seconds(head, 'hono-ttd');
  if (typeof ttdSeconds === 'object') return ttdSeconds;
  const contentType = headers['content-type'];
  const traceParent = headers['traceparent'];
  const traceState = headers['tracestate'];
  return {
    upload: {
      endpoint,
      qos,
      origAddress: path,
      ...(target && {
        target: { device: target.device, ...(target.tenant !== '' && { tenant: target.tenant }) },
      }),
      ...(contentType !== undefined && { contentType }),
      ...(ttlSeconds !== undefined && ttlSeconds >= 0 && { ttlSeconds }),
      ...(typeof traceParent === 'string' && { traceParent }),
      ...(typeof traceState === 'string' && { traceState }),
    },
    ...(ttdSeconds !== undefined && { ttdSeconds }),
    goodbye:
      endpoint === 'event' &&
      target === undefined &&
      contentType === emptyNotificationContentType &&
      ttdSeconds === 0,
  };
}

function qosOf(
  endpoint: UploadRequest['endpoint'],
  level: string | readonly string[] | undefined,
): 0 | 1 | UploadFailure {
  if (level === undefined) return endpoint === 'event' ? 1 : 0;
  if (level === '1') return 1;
  if (level === '0' && endpoint === 'telemetry') return 0;
  return malformed(endpoint === 'event' ? 'events have QoS 1' : 'qos-level must be 0 or 1');
}

/** A number of seconds that stands in a header or, where there is none, in the query. */
function seconds({ headers, query }: RequestHead, name: string): number | undefined | UploadFailure {
  const given = headers[name] ?? query[name];
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || !/^-?\d{1,9}$/.test(given))
    return malformed(`${name} must be a number of seconds`);
  return Number(given);
}

function malformed(text: string): UploadFailure {
  return { status: 400, text };
}

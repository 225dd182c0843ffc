import type { UploadRequest } from '@rollcall/uplink';
import { emptyNotificationContentType } from '@rollcall/hono-wire';
import { contentTypeOf } from './content-formats.ts';

/** A request of a device, without its payload. */
export interface RequestHead {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'other';
  /** Whether the device wants to know what became of it (CON). */
  readonly confirmable: boolean;
  /** Segments, decoded. */
  readonly path: readonly string[];
  /** Parameters, decoded, e.g. `hono-ttd=10`. */
  readonly query: readonly string[];
  readonly contentFormat?: number;
}

/** What the head of a request asks for. */
export interface Asked {
  /** All of the upload but who sends it, and its body. */
  readonly upload: Omit<UploadRequest, 'by' | 'payload' | 'ttdSeconds'>;
  /** Seconds, as the device said it. */
  readonly ttdSeconds?: number;
  /** Whether the device says that it leaves, if there is no payload. */
  readonly goodbye: boolean;
}

/** A status as HTTP has it; the response code of CoAP has the same digits. */
export interface RequestProblem {
  readonly status: 400 | 404 | 405 | 501;
  readonly text: string;
}

const endpoints: ReadonlyMap<string, UploadRequest['endpoint'] | 'command-response'> = new Map([
  ['telemetry', 'telemetry'],
  ['t', 'telemetry'],
  ['event', 'event'],
  ['e', 'event'],
  ['command_response', 'command-response'],
  ['cr', 'command-response'],
]);

/** Reads the head of a request (`docs/hono-compatibility.md` §14). */
export function readHead(head: RequestHead): Asked | RequestProblem {
  const { method, confirmable, path, query, contentFormat } = head;
  const endpoint = endpoints.get(path[0] ?? '');
  if (endpoint === undefined) return notFound;
  if (method !== 'POST' && method !== 'PUT') return { status: 405, text: 'Method Not Allowed' };
  if (endpoint === 'command-response') return { status: 501, text: 'commands are not supported' };
  const target = targetOf(method, path);
  if (target === undefined) return notFound;
  if (endpoint === 'event' && !confirmable)
    return { status: 400, text: 'events must be sent in a confirmable message' };
  const ttd = valueOf(query, 'hono-ttd');
  if (ttd !== undefined && !/^-?\d{1,9}$/.test(ttd))
    return { status: 400, text: 'hono-ttd must be a number of seconds' };
  const empty = valueOf(query, 'empty') !== undefined;
  return {
    upload: {
      endpoint,
      qos: confirmable ? 1 : 0,
      origAddress: `/${path.join('/')}`,
      ...(target !== 'own' && { target }),
      ...(empty
        ? { contentType: emptyNotificationContentType }
        : contentFormat !== undefined && { contentType: contentTypeOf(contentFormat) }),
    },
    ...(ttd !== undefined && { ttdSeconds: Number(ttd) }),
    goodbye: empty && endpoint === 'event' && target === 'own' && Number(ttd) === 0,
  };
}

/** Whether the query has a parameter, with or without a value. */
export function asksFor(query: readonly string[], name: string): boolean {
  return valueOf(query, name) !== undefined;
}

const notFound: RequestProblem = { status: 404, text: 'Not Found' };

/** Whom a path is about: the device itself (POST), or whom it names (PUT). */
function targetOf(
  method: 'POST' | 'PUT',
  [, tenant, device, ...rest]: readonly string[],
): 'own' | NonNullable<UploadRequest['target']> | undefined {
  if (method === 'POST') return tenant === undefined ? 'own' : undefined;
  if (tenant === undefined || device === undefined || device === '' || rest.length > 0) return undefined;
  return tenant === '' ? { device } : { tenant, device };
}

function valueOf(query: readonly string[], name: string): string | undefined {
  for (const parameter of query) {
    if (parameter === name) return '';
    if (parameter.startsWith(`${name}=`)) return parameter.slice(name.length + 1);
  }
  return undefined;
}

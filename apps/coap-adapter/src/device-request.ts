import type { AuthenticatedDevice } from '@rollcall/access';
import type { UploadRequest } from '@rollcall/uplink';
import { emptyNotificationContentType } from '@rollcall/hono-wire';
import { contentTypeOf } from './content-formats.ts';

/** A request of a device, without its payload. */
export interface RequestHead {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'other';
  /** Whether the device wants an acknowledgement (CON). */
  readonly confirmable: boolean;
  /** Segments, decoded. */
  readonly path: readonly string[];
  /** Parameters, decoded, e.g. `hono-ttd=10`. */
  readonly query: readonly string[];
  readonly contentFormat?: number;
}

/** What the head of a request asks for. */
export interface Asked {
  /** The upload without its sender and its body. */
  readonly upload: Omit<UploadRequest, 'by' | 'payload' | 'ttdSeconds'>;
  /** Seconds, as the device said it. */
  readonly ttdSeconds?: number;
  /** Whether this is a goodbye, if there is no payload. */
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
  if (endpoint === undefined) return isDiscoveryPath(path) ? notAllowed : notFound;
  if (method !== 'POST' && method !== 'PUT') return notAllowed;
  if (endpoint === 'command-response') return { status: 501, text: 'commands are not supported' };
  const target = targetOf(method, path);
  if (target === undefined) return notFound;
  const ttdSeconds = integerOf(valueOf(query, 'hono-ttd'));
  const empty = valueOf(query, 'empty') !== undefined;
  return {
    upload: {
      endpoint,
      qos: confirmable ? 1 : 0,
      qos0EventText: 'event endpoint supports confirmable request messages only',
      origAddress: `/${path.join('/')}`,
      ...(target !== 'own' && { target }),
      ...(empty
        ? { contentType: emptyNotificationContentType }
        : contentFormat !== undefined && { contentType: contentTypeOf(contentFormat) }),
    },
    ...(ttdSeconds !== undefined && { ttdSeconds }),
    goodbye: empty && confirmable && endpoint === 'event' && target === 'own' && ttdSeconds === 0,
  };
}

/** Whether a request asks for the list of resources (RFC 7252 §7.2.1). */
export function isDiscovery({ method, path }: RequestHead): boolean {
  return method === 'GET' && isDiscoveryPath(path);
}

function isDiscoveryPath(path: readonly string[]): boolean {
  return path.length === 2 && path[0] === '.well-known' && path[1] === 'core';
}

/** Whether a request is about another device than this, so that it acts as a gateway. */
export function isForAnother(
  asked: Asked | RequestProblem,
  { device }: Pick<AuthenticatedDevice, 'device'>,
): boolean {
  const target = 'status' in asked ? undefined : asked.upload.target;
  return target !== undefined && target.device !== device.device;
}

/** Whether the query has a parameter, with or without a value. */
export function asksFor(query: readonly string[], name: string): boolean {
  return valueOf(query, name) !== undefined;
}

const notFound: RequestProblem = { status: 404, text: 'Not Found' };
const notAllowed: RequestProblem = { status: 405, text: 'Method Not Allowed' };
const maxInteger = 2 ** 31 - 1;

/** A number as Java reads an `int`. As in Hono, a text that is not a number counts as absent. */
function integerOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^[+-]?\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return Math.abs(number) <= maxInteger ? number : undefined;
}

/** The device of a path: the sender itself (POST), or the one in the path (PUT); as in Hono, later segments have no meaning. */
function targetOf(
  method: 'POST' | 'PUT',
  [, tenant, device]: readonly string[],
): 'own' | NonNullable<UploadRequest['target']> | undefined {
  if (method === 'POST') return tenant === undefined ? 'own' : undefined;
  if (tenant === undefined || device === undefined || device === '') return undefined;
  return tenant === '' ? { device } : { tenant, device };
}

function valueOf(query: readonly string[], name: string): string | undefined {
  for (const parameter of query) {
    if (parameter === name) return '';
    if (parameter.startsWith(`${name}=`)) return parameter.slice(name.length + 1);
  }
  return undefined;
}

import type { IncomingMessage } from 'node:http';
import type { TokenName } from '@rollcall/access/credentials';
import type { UploadRequest } from '@rollcall/uplink';
import type { FastifyRequest } from 'fastify';
import type { RequestHead } from './device-request.ts';

interface PathParameters {
  readonly tenant?: string;
  readonly device?: string;
}

/** Tenant and auth-id of whoever signed a token that names nobody; `undefined` where the path has not both. */
export function namedInPath(request: FastifyRequest): TokenName | undefined {
  const { tenant, device } = request.params as PathParameters;
  return tenant && device ? { tenant, authId: device } : undefined;
}

/** As Hono: of several headers of one name the first counts. Node.js has them in one, or the first of some. */
function firstHeader(request: IncomingMessage, name: string): string | undefined {
  const joined = request.headers[name];
  if (Array.isArray(joined)) return joined[0];
  // Computed when it is read, and few requests have a comma there.
  return joined?.includes(',') ? request.headersDistinct[name]?.[0] : joined;
}

/** What a request says about itself, before its body is read. */
export function headOf(endpoint: UploadRequest['endpoint'], request: FastifyRequest): RequestHead {
  const { tenant = '', device = '' } = request.params as PathParameters;
  return {
    endpoint,
    url: request.originalUrl,
    header: (name) => firstHeader(request.raw, name),
    query: request.query as Readonly<Record<string, string>>,
    ...(request.method === 'PUT' && { target: { tenant, device } }),
  };
}

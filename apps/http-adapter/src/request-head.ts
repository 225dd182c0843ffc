import type { TokenName } from '@rollcall/access';
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

/** What a request says about itself, before its body is read. */
export function headOf(endpoint: UploadRequest['endpoint'], request: FastifyRequest): RequestHead {
  const { tenant = '', device = '' } = request.params as PathParameters;
  return {
    endpoint,
    url: request.url,
    headers: request.headers,
    query: request.query as Readonly<Record<string, unknown>>,
    ...(request.method === 'PUT' && { target: { tenant, device } }),
  };
}

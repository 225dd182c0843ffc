import type { UploadRequest } from '@rollcall/uplink';
import type { FastifyRequest } from 'fastify';
import type { RequestHead } from './device-request.ts';

/** What a request says about itself, before its body is read. */
export function headOf(endpoint: UploadRequest['endpoint'], request: FastifyRequest): RequestHead {
  const { tenant = '', device = '' } = request.params as {
    readonly tenant?: string;
    readonly device?: string;
  };
  return {
    endpoint,
    url: request.url,
    headers: request.headers,
    query: request.query as Readonly<Record<string, unknown>>,
    ...(request.method === 'PUT' && { target: { tenant, device } }),
  };
}

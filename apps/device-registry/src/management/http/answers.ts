import type { FastifyReply } from 'fastify';
import type { SearchPage } from '../../store/registry-search.ts';
import { RegistryError } from '../faults/registry-error.ts';

const json = 'application/json; charset=utf-8';

export function answerJson(reply: FastifyReply, value: unknown, version?: string): FastifyReply {
  if (version !== undefined) reply.header('etag', version);
  return reply.type(json).send(JSON.stringify(value));
}

export function answerCreated(
  reply: FastifyReply,
  location: string,
  id: string,
  version: string,
): FastifyReply {
  return reply.code(201).headers({ location, etag: version }).type(json).send(JSON.stringify({ id }));
}

export function answerWritten(reply: FastifyReply, version?: string): FastifyReply {
  if (version !== undefined) reply.header('etag', version);
  return reply.code(204).send();
}

/** As in Hono, an empty page is answered as not found; but a request for 0 results gets the count. @throws RegistryError */
export function answerPage<Found>(
  reply: FastifyReply,
  { total, found }: SearchPage<Found>,
  pageSize: number,
  shown: (each: Found) => object,
): FastifyReply {
  if (total === 0 || (found.length === 0 && pageSize > 0)) throw new RegistryError(404, 'nothing was found');
  return answerJson(reply, { total, result: found.map(shown) });
}

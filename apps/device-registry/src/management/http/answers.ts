import type { FastifyReply } from 'fastify';
import type { SearchPage } from '../../store/registry-search.ts';
import { RegistryError } from '../faults/registry-error.ts';

const json = 'application/json; charset=utf-8';

export function answerJson(reply: FastifyReply, value: unknown, version?: string): FastifyReply {
  if (version !== undefined) reply.header('etag', version);
  return reply.type(json).send(JSON.stringify(value));
}

/** @param path of the resource; its last part is the id. */
export function answerCreated(
  reply: FastifyReply,
  path: readonly [string, ...string[]],
  id: string,
  version: string,
): FastifyReply {
  const location = `/v1/${path.map(segment).join('/')}`;
  return reply.code(201).headers({ location, etag: version }).type(json).send(JSON.stringify({ id }));
}

/** Characters that may stand in a segment of a path as they are (RFC 3986 §3.3), as Hono's clients expect of `:` and `=`. */
const plain = /%(?:2[46BC]|3[ABD]|40)/g;

/** A name as a segment of a path. A pattern of ids may allow characters that a header or a path must not have. */
function segment(name: string): string {
  return encodeURIComponent(name).replaceAll(plain, decodeURIComponent);
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

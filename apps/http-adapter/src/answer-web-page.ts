import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Resource } from './resources.ts';
import { sendError } from './send-error.ts';

/**
 * What Hono does for web pages of other origins (CORS): nothing without an `Origin`; a preflight request is answered, and a request of
 * an origin that may not use the adapter is refused. @returns whether the request is answered.
 */
export function answerWebPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { pages }: Resource,
  allowedOrigin: '*' | RegExp,
): boolean {
  const { origin } = request.headers;
  // What is answered to one origin must not be given to another from a cache (RFC 9110 §12.5.5).
  if (allowedOrigin !== '*') reply.header('vary', 'origin');
  if (origin === undefined) return false;
  if (allowedOrigin !== '*' && !allowedOrigin.test(origin)) {
    sendError(reply, { status: 403, text: 'CORS Rejected - Invalid origin' });
    return true;
  }
  reply.header('access-control-allow-origin', allowedOrigin === '*' ? '*' : origin);
  if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
    reply
      .code(204)
      .headers({
        'access-control-allow-methods': pages.methods,
        'access-control-allow-headers': pages.headers,
      })
      .send();
    return true;
  }
  if (pages.exposed !== undefined) reply.header('access-control-expose-headers', pages.exposed);
  return false;
}

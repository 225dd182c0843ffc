import type { FastifyInstance } from 'fastify';

/** Lets web pages of some origins use the API (Fetch Standard §3.2). Tokens are headers, not cookies: no credentials are allowed. */
export function allowOrigins(app: FastifyInstance, allowed: '*' | RegExp | undefined): void {
  if (allowed === undefined) return;
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (allowed !== '*') reply.header('vary', 'origin');
    if (origin === undefined || (allowed !== '*' && !allowed.test(origin))) return;
    reply.headers({
      'access-control-allow-origin': allowed === '*' ? '*' : origin,
      'access-control-expose-headers': 'etag, retry-after, rollcall-as-of',
    });
    if (request.method !== 'OPTIONS') return;
    await reply
      .code(204)
      .headers({
        'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
        'access-control-allow-headers': 'authorization, content-type, if-none-match, last-event-id',
        'access-control-max-age': '600',
      })
      .send();
  });
}

import type { FastifyInstance } from 'fastify';

/** Origins of web pages: `*` is any of them; `undefined`: none. */
export type AllowedOrigin = '*' | RegExp | undefined;

/** What web pages may use of an API. Names of headers are separated by commas. */
export interface WebPageUse {
  readonly requestHeaders: string;
  /** Headers of an answer that a page may read. */
  readonly exposedHeaders: string;
  /** @param path without the query. */
  methodsOf(path: string): readonly string[];
}

/**
 * Lets web pages of some origins use the API (Fetch Standard §3.2). A preflight is answered without a login, as browsers send no
 * credentials with it. Requests send theirs in a header, not in cookies.
 */
export function allowOrigins(app: FastifyInstance, allowed: AllowedOrigin, use: WebPageUse): void {
  if (allowed === undefined) return;
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    // A cache must not give the answer for one origin to another (RFC 9110 §12.5.5).
    if (allowed !== '*') reply.header('vary', 'origin');
    if (origin === undefined || (allowed !== '*' && !allowed.test(origin))) return;
    reply.headers({
      'access-control-allow-origin': allowed === '*' ? '*' : origin,
      'access-control-expose-headers': use.exposedHeaders,
    });
    if (request.method !== 'OPTIONS') return;
    await reply
      .code(204)
      .headers({
        'access-control-allow-methods': use.methodsOf(request.url.split('?', 1)[0] ?? '').join(', '),
        'access-control-allow-headers': use.requestHeaders,
        'access-control-max-age': '600',
      })
      .send();
  });
}

import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../faults/registry-error.ts';
import { allowedMethods } from './allowed-methods.ts';

/**
 * Lets web pages of some origins use the API (Fetch Standard §3.2). A preflight is answered before anybody has to say who asks:
 * browsers send no credentials with it. Those of requests are headers, not cookies.
 */
export function allowOrigins(app: FastifyInstance, allowed: '*' | RegExp | undefined): void {
  if (allowed === undefined) return;
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (allowed !== '*') reply.header('vary', 'origin');
    if (origin === undefined || (allowed !== '*' && !allowed.test(origin))) return;
    reply.headers({
      'access-control-allow-origin': allowed === '*' ? '*' : origin,
      'access-control-expose-headers': 'ETag, Location, Retry-After',
    });
    if (request.method !== 'OPTIONS') return;
    const methods = allowedMethods(request.url.split('?', 1)[0] ?? '') ?? [];
    await reply
      .code(204)
      .headers({
        'access-control-allow-methods': methods.join(', '),
        'access-control-allow-headers': 'authorization, content-type, if-match',
        'access-control-max-age': '600',
      })
      .send();
  });
}

/**
 * Where nobody says who asks, a page of any site could have a browser on this machine write: some requests are sent without a
 * preflight, and only the answer would be kept from the page.
 */
export function refuseOtherPages(app: FastifyInstance, allowed: '*' | RegExp | undefined): void {
  app.addHook('onRequest', async ({ headers: { origin } }) => {
    if (origin === undefined || allowed === '*' || allowed?.test(origin) === true) return;
    throw new RegistryError(403, 'pages of this origin may not use the API');
  });
}

import type { AllowedOrigin } from '@rollcall/http-service/web-pages';
import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../faults/registry-error.ts';

/**
 * Where nobody says who asks, a page of any site could have a browser on this machine write: some requests are sent without a
 * preflight, and only the answer would be kept from the page.
 */
export function refuseOtherPages(app: FastifyInstance, allowed: AllowedOrigin): void {
  app.addHook('onRequest', async ({ headers: { origin } }) => {
    if (origin === undefined || allowed === '*' || allowed?.test(origin) === true) return;
    throw new RegistryError(403, 'pages of this origin may not use the API');
  });
}

import type { AllowedOrigin } from '@rollcall/http-service/web-pages';
import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../faults/registry-error.ts';

/**
 * Refuses requests from pages of other origins if no login is needed. Otherwise a page of any site could make a browser on this machine
 * write: browsers send some requests without a preflight, and only hide the answer from the page.
 */
export function refuseOtherPages(app: FastifyInstance, allowed: AllowedOrigin): void {
  app.addHook('onRequest', async ({ headers: { origin } }) => {
    if (origin === undefined || allowed === '*' || allowed?.test(origin) === true) return;
    throw new RegistryError(403, 'pages of this origin may not use the API');
  });
}

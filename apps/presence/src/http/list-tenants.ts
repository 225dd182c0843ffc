import type { FastifyInstance } from 'fastify';
import { answer } from './answer.ts';
import type { ApiContext } from './api-context.ts';
import { grantOf, requireScope } from './authorize.ts';
import { maxCursorLength } from './device-routes.ts';
import { QueryReader } from './query-reader.ts';

/** Requests that are about no single tenant share one queue. */
const ofNoTenant = '';

/** The tenants that a client may ask about: those of the token, or all with a known device. */
export function tenantsRoute(app: FastifyInstance, context: ApiContext): void {
  app.get<{ readonly Querystring: string }>('/v1/tenants', async (request, reply) => {
    const grant = grantOf(request);
    requireScope(grant, 'read');
    const query = new QueryReader(request.query, ['limit', 'cursor']);
    const limit = query.wholeNumber('limit', 1, 1_000) ?? 100;
    const after = query.text('cursor', maxCursorLength);
    const asOf = context.asOf();
    const found =
      grant.tenants === '*'
        ? await context.turns.take(ofNoTenant, () =>
            context.store.tenants({ limit: limit + 1, ...(after !== undefined && { after }) }),
          )
        : [...grant.tenants].filter((tenant) => tenant > (after ?? '')).toSorted();
    const tenants = found.slice(0, limit);
    return answer(reply, asOf, { tenants, ...(found.length > limit && { next: tenants.at(-1) }) });
  });
}

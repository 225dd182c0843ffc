import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parse } from '../content/fields.ts';
import { tenantContent } from '../content/tenant-content.ts';
import { badRequest } from '../faults/registry-error.ts';
import { searchQuery } from '../content/search-query.ts';
import { checkedTenant, tenantOf, type OfTenant } from './addressed.ts';
import { answerCreated, answerJson, answerPage, answerWritten } from './answers.ts';
import { requireAllTenants } from './authorize.ts';
import { expectedVersions } from './if-match.ts';
import type { ManagementContext } from './management-context.ts';
import { notFound, requireDone } from './require-done.ts';

export function tenantRoutes(app: FastifyInstance, context: ManagementContext): void {
  const { store, turns } = context;

  async function create(tenant: string, body: unknown, reply: FastifyReply): Promise<FastifyReply> {
    const content = parse(tenantContent, body === undefined ? {} : body);
    const version = randomUUID();
    requireDone(
      await turns.take(tenant, () => store.write({ kind: 'create-tenant', tenant, content, version })),
    );
    return answerCreated(reply, ['tenants', tenant], tenant, version);
  }

  app.post('/v1/tenants', async (request, reply) => {
    requireAllTenants(request, 'admin');
    return create(checkedTenant(randomUUID(), context), request.body, reply);
  });

  app.post<OfTenant>('/v1/tenants/:tenant', async (request, reply) => {
    return create(tenantOf(request, 'admin', context), request.body, reply);
  });

  app.get('/v1/tenants', async (request, reply) => {
    requireAllTenants(request, 'read');
    const query = searchQuery(queryText(request));
    const page = await turns.take('', () => store.searchTenants(query));
    return answerPage(reply, page, query.pageSize, ({ id, content }) => ({ id, ...content }));
  });

  app.get<OfTenant>('/v1/tenants/:tenant', async (request, reply) => {
    const tenant = tenantOf(request, 'read', context);
    const found = await turns.take(tenant, () => store.tenant(tenant));
    if (!found) throw notFound('tenant');
    return answerJson(reply, found.content, found.version);
  });

  app.put<OfTenant>('/v1/tenants/:tenant', async (request, reply) => {
    const tenant = tenantOf(request, 'admin', context);
    const content = parse(tenantContent, requiredBody(request));
    const version = randomUUID();
    const expected = expectedVersions(request.headers['if-match']);
    requireDone(
      await turns.take(tenant, () =>
        store.write({ kind: 'update-tenant', tenant, content, version, ...(expected && { expected }) }),
      ),
    );
    return answerWritten(reply, version);
  });

  app.delete<OfTenant>('/v1/tenants/:tenant', async (request, reply) => {
    const tenant = tenantOf(request, 'admin', context);
    const expected = expectedVersions(request.headers['if-match']);
    requireDone(
      await turns.take(tenant, () =>
        store.write({ kind: 'delete-tenant', tenant, ...(expected && { expected }) }),
      ),
    );
    return answerWritten(reply);
  });
}

/** The body of a request that replaces a content. @throws RegistryError if there is none */
export function requiredBody({ body }: FastifyRequest): unknown {
  if (body === undefined) throw badRequest('the body is missing');
  return body;
}

export function queryText({ url }: FastifyRequest): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}

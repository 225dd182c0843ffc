import type { FastifyInstance, FastifyRequest } from 'fastify';
import { mayDo, maySee, type Grant, type Scope } from '@rollcall/http-service/grants';
import type { ApiAccess } from '../access/api-access.ts';
import { RegistryError } from '../faults/registry-error.ts';

const grants = new WeakMap<FastifyRequest, Grant>();

/** Hono's realm: clients may have stored passwords for it. */
const challenge = 'Basic realm="Hono", Bearer realm="Hono"';

/** Authenticates each request of these routes before anything else of it is read. */
export function authorize(app: FastifyInstance, access: ApiAccess): void {
  app.addHook('onRequest', async (request) => {
    const answer = await access.check(request.headers.authorization, request.ip);
    switch (answer.status) {
      case 'granted':
        grants.set(request, answer.grant);
        return;
      case 'refused':
        throw new RegistryError(401, answer.why, { 'www-authenticate': challenge });
      case 'throttled':
        throw new RegistryError(429, 'too many logins failed: come again later', { 'retry-after': '10' });
      case 'unavailable':
        throw new RegistryError(503, 'who asks cannot be checked now', { 'retry-after': '5' });
      default:
        answer satisfies never;
    }
  });
}

/** For requests about several tenants, or about a tenant whose id is not known yet. @throws RegistryError */
export function requireAllTenants(request: FastifyRequest, scope: Scope): void {
  const grant = requireScope(request, scope);
  if (grant.tenants !== '*') throw new RegistryError(403, 'only who may manage every tenant may do this');
}

/** A tenant outside the client's rights is refused whether it exists or not. @throws RegistryError */
export function requireTenant(request: FastifyRequest, tenant: string, scope: Scope): void {
  const grant = requireScope(request, scope);
  if (!maySee(grant, tenant)) throw new RegistryError(403, 'this tenant is managed by others');
}

function requireScope(request: FastifyRequest, scope: Scope): Grant {
  const grant = grants.get(request);
  if (!grant) throw new Error('a route without authorization');
  if (!mayDo(grant, scope))
    throw new RegistryError(403, `the ${scope === 'read' ? 'scope to read' : 'scope to write'} is missing`);
  return grant;
}

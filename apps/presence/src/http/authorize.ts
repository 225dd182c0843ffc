import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Grant, type Scope, mayDo, maySee } from '@rollcall/http-service/grants';
import type { TokenCheck } from '@rollcall/http-service/tokens';
import { checkedName } from './names.ts';
import { Problem } from './problem.ts';

const grants = new WeakMap<FastifyRequest, Grant>();

/** Authenticates each request of these routes before anything else of it is read. */
export function authorize(app: FastifyInstance, tokens: TokenCheck): void {
  app.addHook('onRequest', async (request) => {
    const { authorization } = request.headers;
    const answer = await tokens.check(authorization);
    switch (answer.status) {
      case 'granted':
        grants.set(request, answer.grant);
        return;
      case 'refused':
        throw new Problem('no-token', {
          detail: answer.why,
          headers: {
            // RFC 6750 §3.1: without credentials there is no error to report.
            'www-authenticate': `Bearer realm="rollcall-presence"${authorization === undefined ? '' : ', error="invalid_token"'}`,
          },
        });
      case 'unavailable':
        throw new Problem('unavailable', {
          detail: 'the token cannot be checked now: the keys of its issuer cannot be had',
          headers: { 'retry-after': '5' },
        });
      default:
        answer satisfies never;
    }
  });
}

/**
 * Whether the token of a request, which was granted before, still allows it to read of a tenant. While the keys of its issuer cannot be
 * had, nothing was taken away.
 */
export async function mayStillRead(
  { headers }: FastifyRequest,
  tenant: string,
  tokens: TokenCheck,
): Promise<boolean> {
  const answer = await tokens.check(headers.authorization);
  if (answer.status !== 'granted') return answer.status === 'unavailable';
  return mayDo(answer.grant, 'read') && maySee(answer.grant, tenant);
}

export function grantOf(request: FastifyRequest): Grant {
  const grant = grants.get(request);
  if (!grant) throw new Error('a route without authorization');
  return grant;
}

/** For routes about all tenants: only a token for all of them may use these. @throws Problem */
export function requireAllTenants(request: FastifyRequest): void {
  const grant = grantOf(request);
  requireScope(grant, 'read');
  if (grant.tenants !== '*')
    throw new Problem('not-allowed', { detail: 'the token is not for all tenants: its tenants must be *' });
}

/**
 * The tenant that a request is about. One that may not be seen is refused whether it exists or not.
 *
 * @throws Problem
 */
export function tenantFor(request: FastifyRequest, tenant: string, scope: Scope = 'read'): string {
  const grant = grantOf(request);
  requireScope(grant, scope);
  if (!maySee(grant, tenant))
    throw new Problem('not-allowed', { detail: 'the token is not for this tenant' });
  return checkedName('tenant', tenant);
}

/** @throws Problem */
export function requireScope(grant: Grant, scope: Scope): void {
  if (mayDo(grant, scope)) return;
  throw new Problem('not-allowed', {
    detail: `the token has no scope to ${scope === 'read' ? 'read' : 'have devices forgotten'}`,
    headers: { 'www-authenticate': 'Bearer realm="rollcall-presence", error="insufficient_scope"' },
  });
}

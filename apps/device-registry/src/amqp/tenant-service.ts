import type { Clock } from '@rollcall/core/environment';
import type { RegistryStore, StoredTenant } from '../store/registry-store.ts';
import { normalName } from '../names/normal-name.ts';
import { textIn } from './json-fields.ts';
import { failure, maxAge, type ServiceAnswer } from './service-answer.ts';
import { readBody, type RegistryService, type ServiceRequest } from './service-request.ts';
import { tenantObject } from './tenant-object.ts';

export interface TenantServiceOptions {
  readonly store: Pick<RegistryStore, 'tenantByName' | 'tenantsByTrustedCa'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Seconds that an answer may be remembered; 0: not at all. */
  readonly cacheMaxAgeSeconds: number;
}

type Key = { readonly name: string } | { readonly subjectDn: string };

/** Hono's Tenant API: a tenant by its id or alias, or by the name of an authority that it trusts. */
export function createTenantService(options: TenantServiceOptions): RegistryService {
  return {
    async answer(request) {
      if (request.subject !== 'get') return failure(400, 'unsupported operation');
      const key = keyIn(request);
      if (typeof key === 'string') return failure(400, key);
      const tenant = await find(options.store, key);
      return tenant ? answerOf(tenant, options) : notFound(key);
    },
  };
}

/** The key of the look-up; a text: why the request cannot be understood. */
function keyIn({ properties, body }: ServiceRequest): Key | string {
  // Hono calls this form deprecated, but it takes precedence.
  const deprecated = textIn(properties, 'tenant_id');
  if (deprecated !== undefined) return { name: deprecated };
  const asked = readBody(body);
  if (asked === 'malformed') return 'request message body contains malformed JSON';
  const name = asked && textIn(asked, 'tenant-id');
  if (name !== undefined) return { name };
  const written = asked && textIn(asked, 'subject-dn');
  if (written === undefined) return 'request has neither tenant-id nor subject-dn';
  const subjectDn = normalName(written);
  return subjectDn === undefined ? 'subject-dn is no distinguished name' : { subjectDn };
}

/** A look-up by an authority that several tenants share finds no tenant. */
async function find(store: TenantServiceOptions['store'], key: Key): Promise<StoredTenant | undefined> {
  if ('name' in key) return store.tenantByName(key.name);
  const [tenant, another] = await store.tenantsByTrustedCa(key.subjectDn);
  return another ? undefined : tenant;
}

function answerOf(tenant: StoredTenant, { cacheMaxAgeSeconds, clock }: TenantServiceOptions): ServiceAnswer {
  return {
    kind: 'result',
    status: 200,
    tenant: tenant.id,
    cacheControl: maxAge(cacheMaxAgeSeconds),
    body: tenantObject(tenant, clock.now()),
  };
}

function notFound(key: Key): ServiceAnswer {
  return { kind: 'result', status: 404, ...('name' in key && { tenant: key.name }) };
}

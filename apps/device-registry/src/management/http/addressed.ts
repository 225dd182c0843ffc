import type { Scope } from '@rollcall/http-service/grants';
import type { FastifyRequest } from 'fastify';
import { isId } from '../../names/is-id.ts';
import { badRequest } from '../faults/registry-error.ts';
import { requireTenant } from './authorize.ts';
import type { ManagementContext } from './management-context.ts';

export interface OfTenant {
  readonly Params: { readonly tenant: string };
}

export interface OfDevice {
  readonly Params: { readonly tenant: string; readonly device: string };
}

type Patterns = Pick<ManagementContext, 'tenantIdPattern' | 'deviceIdPattern'>;

/** The tenant in the path of a request. @throws RegistryError if the client has no right to that, or the id is not well-formed */
export function tenantOf(request: FastifyRequest<OfTenant>, scope: Scope, patterns: Patterns): string {
  const { tenant } = request.params;
  requireTenant(request, tenant, scope);
  return checkedTenant(tenant, patterns);
}

/** The device in the path of a request, and its tenant. @throws RegistryError as {@link tenantOf} */
export function deviceOf(
  request: FastifyRequest<OfDevice>,
  scope: Scope,
  patterns: Patterns,
): OfDevice['Params'] {
  const { tenant, device } = request.params;
  requireTenant(request, tenant, scope);
  return { tenant: checkedTenant(tenant, patterns), device: checkedDevice(device, patterns) };
}

/** @throws RegistryError */
export function checkedTenant(id: string, { tenantIdPattern }: Patterns): string {
  if (!isId(id, tenantIdPattern)) throw badRequest('the tenant id is not well-formed');
  return id;
}

/** @throws RegistryError */
export function checkedDevice(id: string, { deviceIdPattern }: Patterns): string {
  if (!isId(id, deviceIdPattern)) throw badRequest('the device id is not well-formed');
  return id;
}

import { isId } from '../../names/is-id.ts';
import { badRequest } from '../faults/registry-error.ts';
import type { ManagementContext } from './management-context.ts';

type Patterns = Pick<ManagementContext, 'tenantIdPattern' | 'deviceIdPattern'>;

/** @throws RegistryError */
export function checkTenantId(id: string, { tenantIdPattern }: Patterns): void {
  if (!isId(id, tenantIdPattern)) throw badRequest('the tenant id is not well-formed');
}

/** @throws RegistryError */
export function checkDeviceId(id: string, { deviceIdPattern }: Patterns): void {
  if (!isId(id, deviceIdPattern)) throw badRequest('the device id is not well-formed');
}

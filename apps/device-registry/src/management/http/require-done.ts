import type { WriteOutcome } from '../../store/registry-write.ts';
import { RegistryError } from '../faults/registry-error.ts';

const taken = {
  'tenant-id': 'there is a tenant of this id',
  alias: 'another tenant has this alias',
  'trusted-ca': 'another tenant, of another trust-anchor-group, trusts an authority of this name',
  'device-id': 'the tenant has a device of this id',
  'auth-id': 'another device of the tenant has credentials of this type and auth-id',
} as const;

/** @throws RegistryError that says why nothing was written. */
export function requireDone(outcome: WriteOutcome): void {
  switch (outcome.status) {
    case 'done':
      return;
    case 'not-found':
      throw notFound(outcome.what);
    case 'taken':
      throw new RegistryError(409, taken[outcome.what]);
    case 'exists':
      throw new RegistryError(409, taken['device-id']);
    case 'version-mismatch':
      throw new RegistryError(412, 'resource version mismatch');
    case 'limit-reached':
      throw new RegistryError(
        403,
        outcome.what === 'devices'
          ? `configured device limit reached [max-devices: ${outcome.limit}]`
          : `configured limit of credentials per device exceeded [max-credentials-per-device: ${outcome.limit}]`,
      );
    default:
      outcome satisfies never;
  }
}

export function notFound(what: 'tenant' | 'device'): RegistryError {
  return new RegistryError(404, `no such ${what}`);
}

import type { RegistrationFacts, StoredDevice } from '../store/registry-store.ts';

/** The authority of a gateway that may bring devices that are not registered. */
export const provisioningAuthority = 'auto-provisioning-enabled';

/** Whether a device may send, by itself or through a gateway. */
export type RegistrationDecision =
  | { readonly verdict: 'registered'; readonly device: StoredDevice }
  /** It is not registered, and its gateway may do that. */
  | { readonly verdict: 'provision'; readonly gateway: StoredDevice }
  | { readonly verdict: 'refused'; readonly status: 403 | 404 };

const notFound: RegistrationDecision = { verdict: 'refused', status: 404 };
const forbidden: RegistrationDecision = { verdict: 'refused', status: 403 };

/** A device that sends by itself. */
export function decideAlone({ device }: Pick<RegistrationFacts, 'device'>): RegistrationDecision {
  return isEnabled(device) ? { verdict: 'registered', device } : notFound;
}

/** A device that sends through a gateway. As in Hono, a device that is disabled is not found, whatever its gateway may. */
export function decideThroughGateway({
  device,
  gateway,
}: Pick<RegistrationFacts, 'device' | 'gateway'>): RegistrationDecision {
  if (!device) return mayRegister(gateway) ? { verdict: 'provision', gateway } : notFound;
  if (!isEnabled(device)) return notFound;
  if (!isEnabled(gateway) || !mayActFor(gateway, device)) return forbidden;
  return { verdict: 'registered', device };
}

function isEnabled(device: StoredDevice | undefined): device is StoredDevice {
  return device !== undefined && device.content.enabled !== false;
}

function mayRegister(gateway: StoredDevice | undefined): gateway is StoredDevice {
  return isEnabled(gateway) && gateway.content.authorities?.includes(provisioningAuthority) === true;
}

/** Named by the device, or as a member of a group that it names. */
function mayActFor(gateway: StoredDevice, { content: { via = [], viaGroups = [] } }: StoredDevice): boolean {
  return (
    via.includes(gateway.id) || (gateway.content.memberOf ?? []).some((group) => viaGroups.includes(group))
  );
}

import type { RegistrationFacts, StoredDevice } from '../store/registry-store.ts';

/** The authority of a gateway whose unregistered devices are registered when they send. */
export const provisioningAuthority = 'auto-provisioning-enabled';

/** Whether a device may send, by itself or through a gateway. */
export type RegistrationDecision =
  | { readonly verdict: 'registered'; readonly device: StoredDevice }
  /** The device is not registered, and its gateway has the authority for that. */
  | { readonly verdict: 'provision'; readonly gateway: StoredDevice }
  | { readonly verdict: 'refused'; readonly status: 403 | 404 };

const notFound: RegistrationDecision = { verdict: 'refused', status: 404 };
const forbidden: RegistrationDecision = { verdict: 'refused', status: 403 };

/** A device that sends by itself. */
export function decideAlone({ device }: Pick<RegistrationFacts, 'device'>): RegistrationDecision {
  return isEnabled(device) ? { verdict: 'registered', device } : notFound;
}

/** A device that sends through a gateway. As in Hono, a disabled device is answered as not found, whatever the gateway may do. */
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

/** Whether the device names the gateway, or a group of it. */
function mayActFor(gateway: StoredDevice, { content: { via = [], viaGroups = [] } }: StoredDevice): boolean {
  return (
    via.includes(gateway.id) || (gateway.content.memberOf ?? []).some((group) => viaGroups.includes(group))
  );
}

import type { StoredDevice } from '../store/registry-store.ts';

/** Whether the event about a device still has to be sent. */
export function isEventPending({ status }: Pick<StoredDevice, 'status'>): boolean {
  return status.autoProvisioned && !status.provisioningEventSent;
}

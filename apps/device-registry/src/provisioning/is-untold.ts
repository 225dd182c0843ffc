import type { StoredDevice } from '../store/registry-store.ts';

/** Whether applications are still to be told of a device. */
export function isUntold({ status }: Pick<StoredDevice, 'status'>): boolean {
  return status.autoProvisioned && !status.provisioningTold;
}

import { deviceKey, type DeviceRef } from '@rollcall/core';
import type { Log } from '@rollcall/core/environment';

/** Reports whose access was revoked: once for each device, even if it had several sessions, associations or leases. */
export interface TellRevoked {
  (device: DeviceRef): void;
  /** Runs work whose ends belong together: while any of it is under way, each device is logged once. */
  during(work: () => Promise<void>): Promise<void>;
}

export function createTellRevoked(log: Log): TellRevoked {
  const told = new Set<string>();
  let underWay = 0;

  function tell(device: DeviceRef): void {
    const key = deviceKey(device);
    if (told.has(key)) return;
    if (underWay > 0) told.add(key);
    log.info({ ...device }, 'access revoked in the registry');
  }

  async function during(work: () => Promise<void>): Promise<void> {
    underWay += 1;
    try {
      await work();
    } finally {
      underWay -= 1;
      if (underWay === 0) told.clear();
    }
  }

  return Object.assign(tell, { during });
}

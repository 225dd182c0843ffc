/** How many connections of each device were left out, until its next event says so. */
export interface Coalesced {
  add(tenant: string, device: number): void;
  /** @returns the number since the last call. */
  take(tenant: string, device: () => number): number;
}

export function createCoalesced(): Coalesced {
  const byTenant = new Map<string, Map<number, number>>();
  return {
    add(tenant, device) {
      let counts = byTenant.get(tenant);
      if (!counts) byTenant.set(tenant, (counts = new Map()));
      counts.set(device, (counts.get(device) ?? 0) + 1);
    },
    take(tenant, device) {
      const counts = byTenant.get(tenant);
      if (!counts) return 0;
      const number = device();
      const count = counts.get(number) ?? 0;
      counts.delete(number);
      if (counts.size === 0) byTenant.delete(tenant);
      return count;
    },
  };
}

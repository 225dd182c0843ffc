/** In whose queue a device waits, see `AdmissionQueue`. */
export interface Turns {
  /** @param isProved whether it presented a secret that was proved from its address recently. */
  queueOf(username: string, isProved: boolean): string;
  /** A device of this tenant proved who it is. The result says whether the tenant was a stranger until then. */
  proved(tenant: string): boolean;
}

const maxTenants = 10_000;
/** The queue of tenants that no device has belonged to yet. No tenant has this name: it would end the user name. */
const strangers = '';

/**
 * Each tenant has two queues, one of them for devices that proved who they are before: a request that renews a lease does not
 * wait behind newcomers, nor behind strangers that only name a device that is present. Tenants that no device has belonged to yet share one queue, so that inventing tenants buys no turns.
 */
export function createTurns(): Turns {
  const tenants = new Set<string>();
  return {
    queueOf(username, isProved) {
      const tenant = queuedTenant(username);
      if (!tenants.has(tenant)) return strangers;
      return isProved ? `${tenant}\nproved` : tenant;
    },
    proved(tenant) {
      if (tenants.has(tenant) || tenants.size >= maxTenants) return false;
      tenants.add(tenant);
      return true;
    },
  };
}

/** What a user name calls the tenant. */
export function queuedTenant(username: string): string {
  return username.slice(username.indexOf('@') + 1);
}

/** In whose queue a device waits, see `AdmissionQueue`. */
export interface Turns {
  queueOf(username: string): string;
  /** A device of this tenant proved who it is. The result says whether the tenant was a stranger until then. */
  proved(tenant: string): boolean;
}

const maxTenants = 10_000;
/** The queue of tenants that no device has belonged to yet. No tenant has this name: it would end the user name. */
export const strangers = '';

/**
 * Each tenant has two queues, one of them for devices that are present already: a request that renews a lease does not wait
 * behind newcomers. Tenants that no device has belonged to yet share one queue, so that inventing tenants buys no turns.
 *
 * @param isPresent whether a device holds a lease, by the user name it presented.
 */
export function createTurns(isPresent: (username: string) => boolean): Turns {
  const tenants = new Set<string>();
  return {
    queueOf(username) {
      const tenant = username.slice(username.indexOf('@') + 1);
      if (!tenants.has(tenant)) return strangers;
      return isPresent(username) ? `${tenant}\npresent` : tenant;
    },
    proved(tenant) {
      if (tenants.has(tenant) || tenants.size >= maxTenants) return false;
      tenants.add(tenant);
      return true;
    },
  };
}

import type { ConnectionDirectory } from '@rollcall/core/directory';
import type { AuthenticatedDevice } from '@rollcall/access';
import type { Connections } from '@rollcall/presence/internal';

export interface OwnPlacesOptions {
  /** Whether presence is a lease here, of which a device has one, or a session. */
  readonly kind: 'session' | 'lease';
  readonly connections: Pick<Connections, 'countOf'>;
  readonly directory: Pick<
    ConnectionDirectory,
    'elsewhere' | 'holderHere' | 'isHeld' | 'lookUpCount' | 'status'
  >;
}

/** What a device that connects holds already, here or at another adapter of the fleet: it takes that over, and needs no new place. */
export class OwnPlaces {
  readonly #options: OwnPlacesOptions;
  /** Slots that the devices of full tenants held elsewhere when they were asked about. */
  readonly #heldElsewhere = new WeakMap<AuthenticatedDevice, string>();

  constructor(options: OwnPlacesOptions) {
    this.#options = options;
  }

  /** Connections of a tenant in the whole fleet. */
  countOf(tenant: AuthenticatedDevice['device']['tenant']): number {
    const { connections, directory } = this.#options;
    return connections.countOf(tenant) + directory.elsewhere(tenant);
  }

  /** Asks the fleet, where that may decide. Never rejects; `undefined`: there is nothing to wait for. */
  lookFor(
    identity: AuthenticatedDevice | undefined,
    slot = this.#leaseOf(identity),
  ): Promise<void> | undefined {
    const { directory } = this.#options;
    const limit = identity?.tenant.limits.maxConnections;
    if (!identity || limit === undefined || directory.status === 'local') return undefined;
    const { device } = identity;
    const counted = directory.lookUpCount?.(device.tenant);
    if (slot === undefined || (!counted && this.countOf(device.tenant) < limit)) return counted;
    if (directory.holderHere(device, slot) !== undefined) return undefined;
    // Both at a time: the device waits no longer than for one.
    const looked = this.#lookElsewhere(identity, slot);
    return counted ? Promise.all([counted, looked]).then(() => {}) : looked;
  }

  takenOver(
    identity: AuthenticatedDevice | undefined,
    slot = this.#leaseOf(identity),
  ): 'here' | 'elsewhere' | undefined {
    if (!identity || slot === undefined) return undefined;
    if (this.#options.directory.holderHere(identity.device, slot) !== undefined) return 'here';
    return this.#heldElsewhere.get(identity) === slot ? 'elsewhere' : undefined;
  }

  #leaseOf(identity: AuthenticatedDevice | undefined): string | undefined {
    return this.#options.kind === 'lease' ? identity?.authId : undefined;
  }

  async #lookElsewhere(identity: AuthenticatedDevice, slot: string): Promise<void> {
    const { kind, directory } = this.#options;
    if (await directory.isHeld(kind, identity.device, slot)) this.#heldElsewhere.set(identity, slot);
    else this.#heldElsewhere.delete(identity);
  }
}

import type { ConnectionDirectory } from '@rollcall/core/directory';
import type { AuthenticatedDevice } from '@rollcall/access';
import type { Connections } from '@rollcall/presence/internal';

export interface OwnPlacesOptions {
  /** Whether presence is a lease here, of which a device has one, or a session. */
  readonly kind: 'session' | 'lease';
  readonly connections: Pick<Connections, 'countOf'>;
  readonly directory: Pick<ConnectionDirectory, 'elsewhere' | 'holderHere' | 'isHeld' | 'status'>;
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
    const { kind, directory } = this.#options;
    if (!identity || slot === undefined || directory.status === 'local' || !this.#isFull(identity))
      return undefined;
    const { device } = identity;
    if (directory.holderHere(device, slot) !== undefined) return undefined;
    return directory.isHeld(kind, device, slot).then((isHeld) => {
      if (isHeld) this.#heldElsewhere.set(identity, slot);
      else this.#heldElsewhere.delete(identity);
    });
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

  #isFull({ tenant, device }: AuthenticatedDevice): boolean {
    const limit = tenant.limits.maxConnections;
    return limit !== undefined && this.countOf(device.tenant) >= limit;
  }
}

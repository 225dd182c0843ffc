import type { ConnectedEvent, DisconnectedEvent } from '@rollcall/core/events';
import type { BeforeSending } from '@rollcall/outbox/internal';
import type { ConnectionDescription } from '../host-presence.ts';
import { stampDisconnected } from '../stamping/stamp.ts';
import type { Connected } from './connected-devices.ts';
import { leavingOf, type SharedByConnections } from './device-connection.ts';
import type { Ending } from './lease-standing.ts';

/** The events of one lease of a fleet: published, and then for a while on their way to the journal. */
export class LeaseEvents {
  readonly #shared: SharedByConnections;
  readonly #description: ConnectionDescription;
  #committing: Promise<void> | undefined;

  constructor(shared: SharedByConnections, description: ConnectionDescription) {
    this.#shared = shared;
    this.#description = description;
  }

  /** Settles when the journal has the latest event; `undefined`: it has it already. */
  get committing(): Promise<void> | undefined {
    return this.#committing;
  }

  /** Publishes the beginning that the directory was asked about. Returns the published event. */
  publishBeginning(stamped: ConnectedEvent): ConnectedEvent {
    const { stamp, directory } = this.#shared;
    const coalesced = this.#coalesced();
    const journal = stamp.journalFor(stamped.device.tenant);
    const event = { ...stamped, ...(coalesced > 0 && { coalesced }), ...(journal && { journal }) };
    try {
      this.#publish(event);
    } catch (error) {
      void directory.leave({ event });
      throw error;
    }
    return event;
  }

  endingOf(connected: Connected, { change, at }: Ending): DisconnectedEvent {
    return stampDisconnected(this.#shared.stamp, connected, change, at, this.#coalesced());
  }

  publishEnding(ending: DisconnectedEvent, connected: Connected): void {
    const { beforeSending, published } = leavingOf(this.#shared, connected, ending);
    this.#publish(ending, beforeSending);
    published();
  }

  /** The lease of another adapter goes on here. */
  goesOn(connected: Connected): void {
    this.#waitFor(this.#shared.moved(connected));
  }

  /** Publishes the beginning as the other adapter stamped it: that one may not have. */
  publishOfAnother(event: ConnectedEvent): void {
    this.#waitFor(this.#shared.publishOfAnother(event, this.#description));
  }

  #coalesced(): number {
    return this.#shared.coalescedOf(this.#description.identity.device);
  }

  #publish(event: ConnectedEvent | DisconnectedEvent, beforeSending?: BeforeSending): void {
    this.#waitFor(this.#shared.publish(event, this.#description, beforeSending));
  }

  #waitFor(work: Promise<void> | undefined): void {
    const committing = work?.then(() => {
      // A later event may still be on its way.
      if (this.#committing === committing) this.#committing = undefined;
    });
    this.#committing = committing;
  }
}

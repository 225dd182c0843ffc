import type { ConnectedEvent } from '@rollcall/core/events';
import type { ConnectionTracker } from '@rollcall/core/tracker';
import type { ConnectionDescription, OpenConnection } from './host-presence.ts';
import type { RestoredLease } from './leases/restored-lease.ts';
import type { RhythmStore } from './leases/rhythm-store.ts';

/** Presence without connections; {@link createLeaseBook} uses it for an app. */
export interface HostLeases {
  /** Whether a later incarnation will find the leases that are held when this one stops. */
  readonly survive: boolean;
  /** Whether a device has one lease in a whole fleet of adapters. */
  readonly areShared: boolean;
  /** Leases of an earlier incarnation, to be continued with {@link resume}. */
  readonly restored: readonly RestoredLease[];
  /** Continues to track a lease of an earlier incarnation; `tracker` begins in the state "present". */
  resume<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    connection: ConnectionDescription,
    event: ConnectedEvent,
  ): OpenConnection<Signal>;
  /** The known rhythms of devices that hold, or held, leases. */
  readonly rhythms: RhythmStore;
}

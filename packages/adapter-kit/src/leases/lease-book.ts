import { deviceKey, type ConnectionTracker, type DisconnectedChange } from '@rollcall/core';
import type {
  AdapterHost,
  AuthenticatedDevice,
  ConnectionDescription,
  OpenConnection,
  Refusal,
} from '../protocol-adapter.ts';
import type { RestoredLease } from './restored-lease.ts';
import type { Rhythm } from './rhythm.ts';

/** What a protocol without connections brings along: its tracker, and how the kit talks to it. */
export interface LeaseProtocol<State, Signal> {
  /** The tracker of a device that holds no lease. */
  absent(rhythm: Rhythm): ConnectionTracker<State, Signal>;
  /** The tracker of a device whose lease was restored. */
  present(lease: RestoredLease, rhythm: Rhythm): ConnectionTracker<State, Signal>;
  rhythm(state: State): Rhythm;
  /** What it is told when the adapter can serve no more, or again. */
  servingChanged(serving: boolean): Signal;
}

/** For a protocol that does something about a lease beyond telling of it. Called in the midst of a step: must not report signals. */
export interface LeaseWatch<State> {
  /** The tracker went from one state to another. */
  stepped?(identity: AuthenticatedDevice, before: State, after: State): void;
  /** The lease ended, and the event is published. */
  ended?(identity: AuthenticatedDevice, change: DisconnectedChange): void;
}

/** How the request came that a lease begins with. */
type LeaseOrigin = Pick<ConnectionDescription, 'protocol' | 'remoteAddress'>;

/** Who holds a lease now. A lease belongs to a device and the auth-id it proved. */
export interface LeaseBook<Signal> {
  held(identity: AuthenticatedDevice): OpenConnection<Signal> | undefined;
  /** The lease that a device holds, or else a new one, which begins with the next signal; or why it may have none. */
  obtain(identity: AuthenticatedDevice, origin: LeaseOrigin): OpenConnection<Signal> | Refusal;
}

/**
 * Opens the book, with what an earlier incarnation of the adapter left in it.
 *
 * @param endAtShutdown whether leases end when the adapter stops. They do anyway where nothing would remember them.
 */
export function createLeaseBook<State, Signal>(
  host: AdapterHost,
  protocol: LeaseProtocol<State, Signal>,
  endAtShutdown: boolean,
  watch: LeaseWatch<State> = {},
): LeaseBook<Signal> {
  const livesOn = host.leasesSurvive && !endAtShutdown;
  const leases = new Map<string, OpenConnection<Signal>>();

  function describe(identity: AuthenticatedDevice, origin: LeaseOrigin, key: string): ConnectionDescription {
    return {
      identity,
      remoteId: identity.authId,
      ...origin,
      survivesShutdown: livesOn,
      servingChanged: (serving) => leases.get(key)?.report(protocol.servingChanged(serving)),
      onDisconnected(change) {
        leases.delete(key);
        watch.ended?.(identity, change);
      },
    };
  }

  /** Whatever the tracker learns stays known beyond the lease, and whoever watches sees its steps. */
  function observed(
    identity: AuthenticatedDevice,
    key: string,
    tracker: ConnectionTracker<State, Signal>,
  ): ConnectionTracker<State, Signal> {
    return {
      ...tracker,
      reduce(state, signal, at) {
        const step = tracker.reduce(state, signal, at);
        const rhythm = protocol.rhythm(step.state);
        if (rhythm !== protocol.rhythm(state)) host.rhythms.set(key, rhythm);
        watch.stepped?.(identity, state, step.state);
        return step;
      },
    };
  }

  for (const lease of host.restored) {
    const key = holderKey(lease.identity);
    const { protocol: name, remoteAddress } = lease.event;
    const origin: LeaseOrigin = { protocol: name, ...(remoteAddress !== undefined && { remoteAddress }) };
    const tracker = observed(lease.identity, key, protocol.present(lease, host.rhythms.get(key)));
    leases.set(key, host.resume(tracker, describe(lease.identity, origin, key), lease.event));
  }

  return {
    held: (identity) => leases.get(holderKey(identity)),
    obtain(identity, origin) {
      const key = holderKey(identity);
      const held = leases.get(key);
      if (held) return held;
      const refusal = host.admit(identity);
      if (refusal) return refusal;
      const tracker = observed(identity, key, protocol.absent(host.rhythms.get(key)));
      const opened = host.open(tracker, describe(identity, origin, key));
      leases.set(key, opened);
      return opened;
    },
  };
}

/** Equal exactly for those who share a lease: for map keys. */
export function holderKey({ device, authId }: AuthenticatedDevice): string {
  return `${deviceKey(device)}\n${authId}`;
}

import { deviceKey } from '@rollcall/core';
import { SplitMap } from '@rollcall/core/internal';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { HostAccess, AuthenticatedDevice, Refusal } from '@rollcall/access';
import type { ConnectionDescription, HostPresence, OpenConnection } from '../host-presence.ts';
import type { HostLeases } from '../host-leases.ts';
import { createSharedLeases } from './shared-leases.ts';
import {
  leaseTracker,
  type AbsentHolder,
  type LeaseHolding,
  type LeaseSignal,
  type PresentHolder,
} from './lease-tracker.ts';
import type { Rhythm } from './rhythm.ts';

/** For a protocol that does more with a lease than report signals. Called during a step, so it must not report signals itself. */
export interface LeaseWatch<State> {
  /** The tracker went from one state to another. */
  stepped?(identity: AuthenticatedDevice, before: State, after: State): void;
  /** The lease ended, and the event is published. */
  ended?(identity: AuthenticatedDevice, change: DisconnectedChange): void;
}

/** What a lease book uses of an adapter's host. */
interface LeaseBookHost {
  readonly access: Pick<HostAccess, 'admit'>;
  readonly presence: Pick<HostPresence, 'open'>;
  readonly leases: HostLeases;
}

/** The protocol and address of the request that begins a lease. */
type LeaseOrigin = Pick<ConnectionDescription, 'protocol' | 'remoteAddress'>;

/** Who holds a lease now. A lease belongs to a device and the auth-id it proved. */
export interface LeaseBook<Signal> {
  /** The lease that a device holds; or one that was obtained for it just now, and begins with the next signal. */
  held(identity: AuthenticatedDevice): OpenConnection<Signal> | undefined;
  /** The lease that a device holds; or a new one, which begins with the next signal; or the reason why the device is refused. */
  obtain(identity: AuthenticatedDevice, origin: LeaseOrigin): OpenConnection<Signal> | Refusal;
}

/**
 * Opens the book, with the leases that an earlier incarnation of the adapter left in it.
 *
 * @param endAtShutdown whether leases end when the adapter stops. Without a journal they always do.
 */
export function createLeaseBook<
  State extends PresentHolder,
  Signal extends { readonly type: string } = never,
>(
  host: LeaseBookHost,
  holding: LeaseHolding<State, Signal>,
  endAtShutdown: boolean,
  watch: LeaseWatch<AbsentHolder | State> = {},
): LeaseBook<LeaseSignal | Signal> {
  const livesOn = host.leases.survive && !endAtShutdown;
  const leases = new SplitMap<OpenConnection<LeaseSignal | Signal>>();
  /** Keys of leases that did not begin with their request: it had come before its device left. */
  const notBegun = new Set<string>();
  const begun = (key: string) => (notBegun.has(key) ? undefined : leases.get(key));
  const tracker = leaseTracker(holding);
  const sharedLease = host.leases.areShared
    ? createSharedLeases({ rhythms: host.leases.rhythms, held: (key) => leases.get(key) })
    : undefined;

  function describe(identity: AuthenticatedDevice, origin: LeaseOrigin, key: string): ConnectionDescription {
    return {
      identity,
      remoteId: identity.authId,
      ...origin,
      survivesShutdown: livesOn,
      ...(sharedLease && { shared: sharedLease(key) }),
      servingChanged: (serving) => leases.get(key)?.report({ type: serving ? 'resumed' : 'paused' }),
      onDisconnected(change) {
        leases.delete(key);
        notBegun.delete(key);
        watch.ended?.(identity, change);
      },
    };
  }

  /** Keeps what the tracker learns beyond the lease, and reports its steps to a `LeaseWatch`. */
  function observed(
    identity: AuthenticatedDevice,
    key: string,
    initial: AbsentHolder | State,
  ): typeof tracker {
    return {
      ...tracker,
      initial,
      reduce(state, signal, at) {
        const step = tracker.reduce(state, signal, at);
        const rhythm = rhythmOf(step.state);
        if (step.state.phase !== 'absent') notBegun.delete(key);
        else if (signal.type === 'request') notBegun.add(key);
        if (rhythm !== rhythmOf(state)) host.leases.rhythms.set(key, rhythm);
        watch.stepped?.(identity, state, step.state);
        return step;
      },
    };
  }

  for (const lease of host.leases.restored) {
    const key = holderKey(lease.identity);
    const { protocol: name, remoteAddress } = lease.event;
    const origin: LeaseOrigin = { protocol: name, ...(remoteAddress !== undefined && { remoteAddress }) };
    const { basis, lastSeen, until } = lease;
    const rhythm = host.leases.rhythms.get(key);
    const restored = holding.restore({ rhythm, basis, lastSeen, until, openRequests: 0 });
    const description = describe(lease.identity, origin, key);
    leases.set(key, host.leases.resume(observed(lease.identity, key, restored), description, lease.event));
  }

  return {
    held: (identity) => begun(holderKey(identity)),
    obtain(identity, origin) {
      const key = holderKey(identity);
      const held = begun(key);
      if (held) return held;
      const refusal = host.access.admit(identity);
      if (refusal) return refusal;
      const absent: AbsentHolder = { phase: 'absent', rhythm: host.leases.rhythms.get(key) };
      const opened =
        leases.get(key) ??
        host.presence.open(observed(identity, key, absent), describe(identity, origin, key));
      notBegun.delete(key);
      leases.set(key, opened);
      return opened;
    },
  };
}

function rhythmOf(state: AbsentHolder | PresentHolder): Rhythm {
  return 'lease' in state ? state.lease.rhythm : state.rhythm;
}

/** A key for maps: the same for devices that share a lease, and only for them. */
export function holderKey({ device, authId }: AuthenticatedDevice): string {
  return `${deviceKey(device)}\n${authId}`;
}

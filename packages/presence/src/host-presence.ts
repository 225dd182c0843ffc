import type { RawCause } from '@rollcall/core/events';
import type { ConnectionTracker, DisconnectedChange, EndedSignal } from '@rollcall/core/tracker';
import type { AccessEnd, AuthenticatedDevice } from '@rollcall/access';
import type { SharedLease } from './shared-lease.ts';

/** Who is connected. */
export interface HostPresence {
  /** Begins to track one connection, or one lease holder. Nothing is published before the tracker says so. */
  open<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    connection: ConnectionDescription,
  ): OpenConnection<Signal>;
  /** As {@link open}, for an anonymous device: it counts as a connection, and has no events. */
  openAnonymous<State, Signal>(
    tracker: ConnectionTracker<State, Signal>,
    connection: AnonymousConnection,
  ): OpenConnection<Signal>;
}

export interface ConnectionDescription {
  readonly identity: AuthenticatedDevice;
  /** MQTT client id, AMQP container id, else the auth-id. */
  readonly remoteId: string;
  /** A name that only one connection of the device can hold: a newer holder ends the older one. */
  readonly slot?: string;
  /**
   * For a session: the device promised to send something within this time. If the device has too many sessions, one that was silent for
   * longer gives way. Absent: it promised nothing.
   */
  readonly keepAliveMs?: number;
  /** E.g. `MQTT 5.0`. */
  readonly protocol: string;
  /** `host:port`. */
  readonly remoteAddress?: string;
  /** What the app sends to the device if the kit ends the connection: code and text of the protocol. The event has them, too. */
  readonly endCauses?: EndCauses;
  /** Whether the next run of the adapter will find this lease: it does not end with this run. */
  readonly survivesShutdown?: boolean;
  /** For a lease that the device has once in the whole fleet. Absent: each adapter has its own. */
  readonly shared?: SharedLease;
  /**
   * The connection ended, and the event is published: close the connection to the peer, with the protocol's code if it
   * still listens.
   */
  onDisconnected?(change: DisconnectedChange): void;
  /**
   * The adapter cannot serve devices any more, or can again. The clock of a lease stands still meanwhile, so report this to the
   * tracker. Sessions do not need it.
   */
  servingChanged?(serving: boolean): void;
}

/** A connection of an anonymous device. */
export interface AnonymousConnection {
  /** As for {@link ConnectionDescription.endCauses}. */
  readonly endCauses?: EndCauses;
  /** As for {@link ConnectionDescription.onDisconnected}. */
  onDisconnected?(change: DisconnectedChange): void;
}

export interface OpenConnection<Signal> {
  /** Reports to the tracker what was seen, or that the app ends the connection. Changes are stamped and journaled before this returns. */
  report(signal: Signal | EndedSignal): void;
  /** Resolves when every change reported so far is in the journal, or after the configured bound: answer the device then. */
  committed(): Promise<void>;
}

/** Why the kit ends a connection. */
export type EndReason = AccessEnd | 'taken-over' | 'adapter-shutdown' | 'limit-exceeded';

/** The protocol's code and text for each of them. */
export type EndCauses = Readonly<Partial<Record<EndReason, RawCause>>>;

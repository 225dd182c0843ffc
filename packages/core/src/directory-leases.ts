import type { DirectoryEntry, DirectoryPlace } from './connection-directory.ts';
import type { ConnectedEvent, LeaseBasis } from './connection-event.ts';
import type { ConnectionId } from './ids.ts';

/** A lease: one for a device in the whole fleet, whichever instance its requests come to. */
export interface LeaseEntry extends DirectoryEntry {
  /** The auth-id that the device proved: leases of one device are apart by it. */
  readonly slot: string;
  readonly state: LeaseState;
}

/** What moves with a lease. Times are counted from now, for clocks differ: the directory adds what passes on the way. */
export interface LeaseState {
  readonly basis: LeaseBasis;
  /** Since its holder itself heard the device. */
  readonly silentMs: number;
  /** Until it runs out; less than 0: so long ago. */
  readonly leftMs: number;
  /** What was learned of the device's rhythm, as JSON; absent: nothing. The directory does not read it. */
  readonly learned?: string;
}

/** A lease as the directory knows it. */
export interface HeldLease {
  readonly event: ConnectedEvent;
  readonly slot: string;
  /** Last noted by its holder, as of now. */
  readonly state: LeaseState;
  /** The incarnation that holds it, or held it. */
  readonly instance: string;
  /** Since the device connected, by one clock for all; absent: that is not known. */
  readonly connectedAgoMs?: number;
}

/** A device was heard, and not where its lease is. */
export interface LifeSign {
  /** Since it was read. */
  readonly ageMs: number;
  /** How long it may have waited until then, at most; absent: it did not. */
  readonly waitedMs?: number;
  /** `request`: also a step of its rhythm. `goodbye`: it leaves; never left out. */
  readonly kind: 'request' | 'heard' | 'goodbye';
  /** Of a request. */
  readonly ttdMs?: number;
  /** Of a request: the interval that the registry declares. */
  readonly declaredMs?: number;
}

/**
 * - `held`: it is this instance's.
 * - `elsewhere`: a living instance holds it. Publish nothing, and report signs of life.
 * - `moved-here`: an instance that is gone held it. It is this instance's now, under the connection id of before: go on with that one.
 * - `ended`: of one that was entered before, under this connection id: others told its ending.
 * - `unknown`: no answer in time. Serve the device, with the lease that was entered. Should another hold one, `displaced` is called.
 */
export type LeaseStanding =
  | { readonly status: 'held' }
  | { readonly status: 'elsewhere'; readonly lease: HeldLease }
  | { readonly status: 'moved-here'; readonly lease: HeldLease }
  | { readonly status: 'ended' }
  | { readonly status: 'unknown' };

/**
 * - `told`: its holder was told, or will be. `holderSilentMs`: since the holder itself heard the device; from the lease's interval on,
 *   the lease is to be taken.
 * - `gone`: no one holds it under this connection id. Enter one with the next sign of life.
 */
export type ReportOutcome =
  | { readonly status: 'told'; readonly holderSilentMs: number }
  | { readonly status: 'gone' }
  | { readonly status: 'unknown' };

/**
 * - `given-up`: nobody holds it any more. Tell its ending, then leave.
 * - `heard`: another instance heard the device so long ago. It goes on.
 * - `gone`: it was moved, or ended: see {@link LeaseListener}. Tell nothing.
 * - `unknown`: no answer in time.
 */
export type GivingUp =
  | { readonly status: 'given-up' }
  | { readonly status: 'heard'; readonly agoMs: number }
  | { readonly status: 'gone' }
  | { readonly status: 'unknown' };

/** `gone`: somebody else took it before, or it ended. */
export type Taking =
  | { readonly status: 'taken'; readonly lease: HeldLease }
  | { readonly status: 'gone' }
  | { readonly status: 'unknown' };

/** Leases in the directory. Nothing rejects; each settles within 50 ms, {@link report} within a second more. */
export interface DirectoryLeases {
  /**
   * A lease begins, or goes on from an earlier incarnation. To be called before it is published: unlike a session it displaces none.
   * Taken out with `ConnectionDirectory.leave`.
   */
  enter(entry: LeaseEntry): Promise<LeaseStanding>;
  /**
   * Tells the holder of a lease that its device was heard here. Signs for one holder go together; of one lease, at most one in a second,
   * the latest.
   */
  report(lease: HeldLease, sign: LifeSign): Promise<ReportOutcome>;
  /** Takes a lease from its holder, if that is still the one named. */
  take(lease: HeldLease): Promise<Taking>;
  /**
   * Whether a sink may lack the `connected` of a lease that came here from this instance: then it is to be published, as it is. An answer
   * that does not come in time says that it may.
   */
  isUnconfirmed(lease: Pick<HeldLease, 'event' | 'instance'>): Promise<boolean>;
  /** The lease is about to run out here: gives it up, unless another instance heard the device less than `quietMs` ago. */
  giveUp(entry: LeaseEntry, quietMs: number): Promise<GivingUp>;
  /** Keeps what would move with the lease. The latest counts; to be called where another instance reports, and now and then. */
  note(connection: ConnectionId, state: LeaseState): void;
}

/** What is told of leases that this instance holds, or held. */
export interface LeaseListener {
  /** Other instances heard their devices. */
  heardElsewhere(signs: readonly (readonly [connection: ConnectionId, sign: LifeSign])[]): void;
  /** Another instance took it, and goes on with it under its connection id: there is no ending to be told here. */
  movedAway(connection: ConnectionId, to: DirectoryPlace): void;
  /** Another instance told its ending. If the device is present here, open a new one at once. */
  endedElsewhere(connection: ConnectionId): void;
}

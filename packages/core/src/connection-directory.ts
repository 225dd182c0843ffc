import type { Clock } from './clock.ts';
import type {
  AdapterIdentity,
  ConnectedEvent,
  ConnectionEvent,
  DisconnectedEvent,
} from './connection-event.ts';
import type { DirectoryLeases, LeaseListener } from './directory-leases.ts';
import type { ConnectionId, DeviceRef, Epoch, TenantId, Timestamp } from './ids.ts';
import type { Log } from './log.ts';
import type { Random } from './random.ts';
import type { DeadInstance } from './undertaker.ts';

/** An open connection, as the instance that holds it tells the directory of it. */
export interface DirectoryEntry {
  /** What an ending of it needs, should the instance die; its `epoch` says which of two connections began later. */
  readonly event: ConnectedEvent;
  /**
   * What one connection of the device can hold at a time, among adapters of one type, in the words of the device: the `slot` of an event
   * is made printable. Absent: it displaces none, and none displaces it.
   */
  readonly slot?: string;
}

/** Where a connection is. */
export interface DirectoryPlace {
  readonly device: DeviceRef;
  readonly connection: ConnectionId;
  /** The incarnation of the adapter that holds it. */
  readonly instance: string;
}

/**
 * How a connection stands that was entered.
 *
 * - `held`: no later one holds its slot.
 * - `lost`: a later one does; `displaced` was called.
 * - `unknown`: no answer in time. The directory goes on, and calls `displaced` later where the connection lost.
 */
export type DirectoryStanding = 'held' | 'lost' | 'unknown';

/**
 * - `local`: there is no fleet.
 * - `in-touch`: the engine answers, and knows all that was entered here.
 * - `catching-up`: it answers, and is being told again what it may have lost, or what it publishes is not heard for a moment.
 * - `restricted`: it answers, but refuses something that a fleet needs, or what it publishes is not heard.
 * - `away`: it does not answer. Nobody waits for it.
 */
export type DirectoryStatus = 'local' | 'in-touch' | 'catching-up' | 'restricted' | 'away';

/** Connections of a dead incarnation that the directory never knew. */
export interface UntoldEndings extends Pick<DeadInstance, 'aliveAt' | 'declaredAt'> {
  readonly connections: ReadonlySet<ConnectionId>;
}

/**
 * Who tells the endings of an incarnation that ended without notice.
 *
 * - `ours`: this instance, and no other as long as this one lives, until `settled`. `declaredAt`: when that was decided, by the engine's
 *   clock. Should this instance die too, others tell the same events with it; absent: no one else knows of its connections.
 * - `others`: it was declared dead, and they are told by others, or were. Not by this instance, but for `untoldOf`.
 * - `unknown`: the engine is away. The directory asks again once it is back, if `settled` is called.
 */
export type Succession =
  | { readonly whose: 'ours'; readonly declaredAt?: Timestamp }
  | { readonly whose: 'others' }
  | { readonly whose: 'unknown' };

/** What the latest sign of life brought. */
export interface FleetSight {
  /** Adapters that give signs of life, this one too. */
  readonly instances: number;
  /** How long the engine took to answer. */
  readonly answerMs: number;
}

/**
 * Who of a fleet of adapters holds which connection of which device. A hint with an index, never the truth: that is in the journals and
 * the events. It may forget everything, and is told again what is open. No device is refused since it does not answer.
 *
 * An instance enters each connection once, when it begins, and takes it out once.
 */
export interface ConnectionDirectory {
  /**
   * A connection began now. It displaces the one that held its slot, whatever the clocks of two instances say. Never rejects; settles
   * within 50 ms, and at once while the engine is known to be away. Where this instance itself holds the slot with another
   * connection, `displaced` is called for that before the result settles.
   */
  enter(entry: DirectoryEntry): Promise<DirectoryStanding>;
  /**
   * Its ending is safe in the journal: until then it is owed, and would be told by others. One that is not entered is ignored.
   *
   * @param ending what this instance publishes once the result has settled. For a while the directory keeps it: should the instance die
   *   before it was sent, others tell exactly this event. Absent: nothing is published.
   * @returns settles when the directory knows, or after 50 ms, and never rejects. `undefined`: there is nothing to wait for, as while the
   *   engine is away.
   */
  leave(entry: DirectoryEntry, ending?: DisconnectedEvent): Promise<void> | undefined;
  /** The connection of this instance that holds a slot, without asking anybody. */
  holderHere(device: DeviceRef, slot: string): ConnectionId | undefined;
  /**
   * Whether an instance that lives holds this slot of a device, or its lease: who takes that over, or reports to its holder, needs no
   * place of its own. Never rejects; settles within 50 ms; false while the engine is away.
   *
   * @param slot of a lease: the auth-id.
   */
  isHeld(kind: 'session' | 'lease', device: DeviceRef, slot: string): Promise<boolean>;
  /** Where these devices are connected, leases too, at instances that live. Rejects while the engine is away. */
  find(devices: readonly DeviceRef[]): Promise<readonly DirectoryPlace[]>;
  /** Connections of a tenant at other instances that live: at most a second old, and 0 while the engine is away. Costs no call. */
  elsewhere(tenant: TenantId): number;
  /**
   * Asks for what `elsewhere` says of a tenant that it was not asked about lately. Never rejects; settles within 50 ms. `undefined`: that
   * is known, or the engine is away. Absent: it is known of all tenants.
   */
  lookUpCount?(tenant: TenantId): Promise<void> | undefined;
  readonly leases: DirectoryLeases;
  /**
   * An incarnation that ended, and whose journal this instance goes on with: the latest one first. What that one had taken on, and not
   * settled, is this instance's too. To be asked before anything of it is told. Never rejects; settles within a second.
   */
  succeed(earlier: string): Promise<Succession>;
  /**
   * Of connections of an incarnation that is for `others`: those that nobody tells, as the directory did not know them when they
   * could still be claimed. From now on it takes no claim of them. To be told as others would have, by `stampOwed`. Never rejects;
   * `undefined`: no answer. Absent: a directory that knows of each connection before its device is answered.
   */
  untoldOf?(
    earlier: string,
    connections: readonly Pick<ConnectionEvent, 'connectionId' | 'device'>[],
  ): Promise<UntoldEndings | undefined>;
  /** The endings of an incarnation that is not for `others` are in the journal; its leases that go on are entered under this instance. */
  settled(earlier: string): void;
  /**
   * Whether events may be published under this incarnation. False while it may have been declared dead, as after the process stood
   * still, until the engine says that it was not: then `aliveAgain` is called. An engine that is away is no reason. Costs no call.
   */
  readonly alive: boolean;
  readonly status: DirectoryStatus;
  /** `undefined`: there is no fleet, or its engine does not answer. Costs no call. */
  readonly sight: FleetSight | undefined;
  /** What it counted since it was made, for metrics. Names are few, and of our code: lower case, words joined by `_`. */
  counts(): Readonly<Record<string, number>>;
  /**
   * Tells what is left to be told, for a second at most. With nothing entered, the instance leaves the fleet. With leases, it is
   * declared dead in time, unless its next incarnation goes on with them. Idempotent.
   */
  close(): Promise<void>;
}

/** What a directory tells its instance. Called from `enter` on, also within it, at any time; synchronous. */
export interface DirectoryListener {
  /**
   * A connection of this instance lost its slot: end it as `taken-over`. Once for each; may name one that has ended. It is entered
   * until it is left, and `holderHere` does not name it any more.
   */
  displaced(connection: ConnectionId, by: DirectoryPlace): void;
  /**
   * This incarnation was declared dead: what it had open is told by others. End all sockets and publish nothing of them. The directory
   * forgets all that was entered, and goes on under the incarnation that is the result.
   *
   * @param neverKnown of what is entered, or was left while it was in doubt: what the engine does not have, as it was away. Nobody else
   *   tells the endings of these. A claim whose answer was lost is not among them.
   * @param toldByOthers of what was left before: sessions whose endings others tell, as the engine did not learn that they were left.
   */
  buried(neverKnown?: readonly ConnectionId[], toldByOthers?: readonly ConnectionId[]): string;
  /** `alive` is true again. */
  aliveAgain(): void;
  /**
   * What begins here from now on must not be stamped behind this. `fleet`: what the furthest clock of the living would stamp now, with
   * each sign of life; a wrong clock may be among them. `claim`: what a connection of this instance displaced had this epoch.
   *
   * @param connection of a claim: the one that was entered here.
   */
  epochSeen(epoch: Epoch, from: 'fleet' | 'claim', connection?: ConnectionId): void;
  /** Somebody who follows the events begins with nothing: announce what is open, once. See `AskForAnnouncements`. */
  announceAsked(): void;
  readonly leases: LeaseListener;
}

/** What an instance tells the fleet with each sign of life. */
interface InstanceFacts {
  /** What it would stamp now. */
  epoch(): Epoch;
  /**
   * Epoch of its oldest `connected` that a sink has still to confirm; `undefined`: all that were entered by now are confirmed. Should
   * it die, those from there on, and those entered after its last sign of life, are sent again before their endings.
   */
  unconfirmedSince(): Epoch | undefined;
}

export interface DirectoryContext {
  /** Its `instance` is never used again after the process ended. */
  readonly self: AdapterIdentity;
  readonly listener: DirectoryListener;
  readonly facts: InstanceFacts;
  /** An instance without signs of life is declared dead after so long: it doubts itself after half of it. One value for a fleet. */
  readonly deadAfterMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Joins the fleet. An engine that is away is waited for two seconds at most: an adapter starts without it. */
export type CreateDirectory = (context: DirectoryContext) => Promise<ConnectionDirectory>;

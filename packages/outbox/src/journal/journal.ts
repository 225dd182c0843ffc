import type { ConnectionId, DeviceRef, Epoch, Timestamp } from '@rollcall/core';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { OutboundEvent } from '@rollcall/core/sink';
import type { LeaseBasis } from '@rollcall/core/internal';
import type { ProofChanges, StoredProofs } from './stored-proofs.ts';
import type { LearnedRhythm } from './learned-rhythm.ts';
import type { PartOfJournal } from './store/stored.ts';

/** The name of an event while it is kept: its place in the order of all appended events. Whole numbers that grow. */
export type Place = number;

/** An event that some sink still has to confirm, without its content: see {@link Journal.read}. */
export interface PendingEvent {
  readonly place: Place;
  readonly sinks: readonly string[];
  readonly device: DeviceRef;
  /** When it was observed. */
  readonly at: Timestamp;
  /** Length of its facts. */
  readonly bytes: number;
}

/** How many connections of a device were left out for a sink, and not reported by an event yet. */
export interface Owed {
  readonly sink: string;
  readonly tenant: string;
  /** See `deviceNumber`. */
  readonly device: number;
  /** 0: none any more; negative: events reported that many too many, since other sinks lost them. */
  readonly pairs: number;
}

/** The result of appending an event. */
export interface Kept {
  readonly place: Place;
  /** Resolves when the event is as safe as this journal can make it; `undefined`: it already is. */
  readonly committed: Promise<void> | undefined;
}

/** A connection whose `connected` was appended, and whose `disconnected` was not. */
export interface OpenEntry {
  readonly event: ConnectedEvent;
  /** The latest note; absent if nothing was noted since it connected. */
  readonly noted?: NotedPresence;
}

/** Facts about an open connection that are noted from time to time. */
export interface NotedPresence {
  readonly lastSeen: Timestamp;
  /** For a lease: its basis, and when it runs out. */
  readonly lease?: { readonly basis: LeaseBasis; readonly until: Timestamp };
}

/** The parts of the journal that the adapter has in memory: for a journal that was destroyed while in use. */
export interface Holdings {
  /** Events that some sink still has to confirm. */
  waiting(): Iterable<HeldEvent>;
  readonly owed: readonly Owed[];
  readonly rhythms: readonly (readonly [holder: string, learned: LearnedRhythm])[];
  readonly proofs: StoredProofs;
}

/** An event that is in memory or, without `outbound`, that only the journal had. */
export interface HeldEvent {
  readonly place: Place;
  readonly sink: string;
  readonly outbound?: OutboundEvent;
}

/** What an earlier incarnation of the adapter left behind. */
export interface Recovered {
  /** Why it may be incomplete; absent if it is complete. */
  readonly partOfJournal?: PartOfJournal;
  /** The greatest epoch ever given out; absent if the journal is new. */
  readonly highWater?: Epoch;
  /** The incarnation of the adapter that used the journal last, if it is known. */
  readonly follows?: string;
  /**
   * Some at a time, in the order they were appended: there may be more of them than memory. Call it once, and before
   * anything is forgotten or parked.
   */
  pending(): AsyncIterable<readonly PendingEvent[]>;
  /** As `pending`. If it is called, it must also be read to its end before anything is forgotten or parked. */
  open(): AsyncIterable<readonly OpenEntry[]>;
  /** By lease holder, the one heard last at the end. */
  readonly rhythms: readonly (readonly [holder: string, learned: LearnedRhythm])[];
  readonly owed: readonly Owed[];
  /** Which devices proved their identity, and from where; absent if none did. */
  readonly proofs?: StoredProofs;
}

/**
 * Keeps what must outlive the process: unsent events, open connections, learned rhythms, and which epoch was last given
 * out. The kit works from memory and reports to the journal what it does.
 */
export interface Journal {
  /** Call it once, before anything is appended. */
  recover(): Promise<Recovered>;
  /** Keeps which incarnation of the adapter uses the journal, for the next one. */
  usedBy(instance: string): void;
  /**
   * Keeps an event for every one of `sinks`, and its connection as open from `connected` to `disconnected`. A connection of another adapter
   * is open once its announcement says that it goes on here.
   *
   * @param owed the counts that sinks are owed once the event reports its own: kept together with the event, or not at all.
   */
  append(outbound: OutboundEvent, sinks: readonly string[], owed?: readonly Owed[]): Kept;
  /** Leaves events of one device out for this sink. The new count that the sink is owed is kept together with that, or not at all. */
  leaveOut(sink: string, places: readonly Place[], owed: Owed): void;
  /** Whether {@link read} gives this event now. Then it does not have to be kept in memory. */
  holds(place: Place): boolean;
  /**
   * Gives events back that some sink still needs, in the order of `places`; `undefined` for one that is not held. It is the only access
   * to kept events: their format is internal to the journal. Rejects if the journal cannot be read now.
   */
  read(places: readonly Place[]): Promise<readonly (OutboundEvent | undefined)[]>;
  /** The sink confirmed this event, and does not need it any more. */
  forget(sink: string, place: Place): void;
  /** The sink refused this event: keep it, but do not offer it as pending. */
  park(sink: string, place: Place, cause: string): void;
  /** Others publish the endings of these connections: they are not open any more, and no ending of them will be appended. */
  endedByOthers(connections: Iterable<ConnectionId>): void;
  /** Notes of an open connection when its device was last heard. Many at a time, every few seconds. */
  note(presence: readonly (readonly [connection: ConnectionId, noted: NotedPresence])[]): void;
  /** Keeps what was learned about lease holders; `undefined` forgets. Many at a time, every few seconds. */
  learn(rhythms: readonly (readonly [holder: string, learned: LearnedRhythm | undefined])[]): void;
  /** Keeps which devices proved their identity. Many at a time, every few seconds. */
  prove(changes: ProofChanges): void;
  /** Sets the source from which a destroyed journal is restored. */
  backedBy(holdings: () => Holdings): void;
  /** Whether appended events are not stored that should be by now, or were not a moment ago. */
  behind(): boolean;
  /** How often a new file had to be begun while it was used. */
  readonly begunAnew: number;
  close(): Promise<void>;
}

import type { ConnectionId, DeviceRef, Epoch, Timestamp } from '@rollcall/core';
import type { ConnectedEvent } from '@rollcall/core/events';
import type { OutboundEvent } from '@rollcall/core/sink';
import type { LeaseBasis } from '@rollcall/core/internal';
import type { ProofChanges, StoredProofs } from './stored-proofs.ts';
import type { LearnedRhythm } from './learned-rhythm.ts';
import type { PartOfJournal } from './store/stored.ts';

/** The name of an event while it is kept: its place in the order of all appended events. Whole numbers that grow. */
export type Place = number;

/** An event that some sink has still to confirm, without the event itself: see {@link Journal.read}. */
export interface PendingEvent {
  readonly place: Place;
  readonly sinks: readonly string[];
  readonly device: DeviceRef;
  /** When it was observed. */
  readonly at: Timestamp;
  /** Length of its facts. */
  readonly bytes: number;
}

/** How many connections of a device were left out for a sink, and no event says so. */
export interface Owed {
  readonly sink: string;
  readonly tenant: string;
  /** See `deviceNumber`. */
  readonly device: number;
  /** 0: none any more; less: events said so many too much, since other sinks lost them. */
  readonly pairs: number;
}

/** What becomes of an event that is appended. */
export interface Kept {
  readonly place: Place;
  /** Resolves when the event is as safe as this journal makes it; `undefined`: it already is. */
  readonly committed: Promise<void> | undefined;
}

/** A connection whose `connected` was appended, and whose `disconnected` was not. */
export interface OpenEntry {
  readonly event: ConnectedEvent;
  /** Last noted; absent where nothing was noted since it connected. */
  readonly noted?: NotedPresence;
}

/** What is noted of an open connection from time to time. */
export interface NotedPresence {
  readonly lastSeen: Timestamp;
  /** What it holds, where that is a lease, and when it runs out. */
  readonly lease?: { readonly basis: LeaseBasis; readonly until: Timestamp };
}

/** What the adapter has in memory of what the journal keeps: for a journal that was destroyed under it. */
export interface Holdings {
  /** Events that some sink has still to confirm. */
  waiting(): Iterable<HeldEvent>;
  readonly owed: readonly Owed[];
  readonly rhythms: readonly (readonly [holder: string, learned: LearnedRhythm])[];
  readonly proofs: StoredProofs;
}

/** An event that is in memory, or, without `outbound`, was in the journal alone. */
export interface HeldEvent {
  readonly place: Place;
  readonly sink: string;
  readonly outbound?: OutboundEvent;
}

/** What an earlier incarnation of the adapter left behind. */
export interface Recovered {
  /** Why it may be less than what there was; absent where it is all. */
  readonly partOfJournal?: PartOfJournal;
  /** The greatest epoch ever given out; absent where the journal is new. */
  readonly highWater?: Epoch;
  /** The incarnation of the adapter that used the journal last, if it is known. */
  readonly follows?: string;
  /**
   * Some at a time, in the order they were appended: there may be more of them than memory. To be asked for once, and before
   * anything is forgotten or parked.
   */
  pending(): AsyncIterable<readonly PendingEvent[]>;
  /** As `pending`. Where it is asked for, it must be read to its end before anything is forgotten or parked, too. */
  open(): AsyncIterable<readonly OpenEntry[]>;
  /** By lease holder, the one heard last at the end. */
  readonly rhythms: readonly (readonly [holder: string, learned: LearnedRhythm])[];
  readonly owed: readonly Owed[];
  /** Who proved who it is, and from where; absent where no device did. */
  readonly proofs?: StoredProofs;
}

/**
 * Keeps what must outlive the process: unsent events, open connections, learned rhythms, and which epoch was last given
 * out. The kit works from memory and tells the journal what it does.
 */
export interface Journal {
  /** To be called once, before anything is appended. */
  recover(): Promise<Recovered>;
  /** Keeps which incarnation of the adapter uses the journal, for the next one to know. */
  usedBy(instance: string): void;
  /**
   * Keeps an event for every one of `sinks`, and its connection as open from `connected` to `disconnected`.
   *
   * @param owed what sinks are owed now that the event says it: kept with the event, or not at all.
   */
  append(outbound: OutboundEvent, sinks: readonly string[], owed?: readonly Owed[]): Kept;
  /** Leaves events of one device out for this sink. What the sink is owed now is kept with that, or not at all. */
  leaveOut(sink: string, places: readonly Place[], owed: Owed): void;
  /** Whether {@link read} gives this event now. Then nobody else has to keep it in memory. */
  holds(place: Place): boolean;
  /**
   * Gives events back that some sink still needs, in the order of `places`; `undefined` for one that is not held. The only way
   * to what is kept: how it is kept is the journal's business. Rejects where the journal cannot be read now.
   */
  read(places: readonly Place[]): Promise<readonly (OutboundEvent | undefined)[]>;
  /** The sink needs this event no more: it was confirmed. */
  forget(sink: string, place: Place): void;
  /** The sink refused this event: keep it, but do not offer it as pending. */
  park(sink: string, place: Place, cause: string): void;
  /** Others tell the endings of these connections: they are open no more, and no ending of them will be appended. */
  endedByOthers(connections: Iterable<ConnectionId>): void;
  /** Notes of an open connection when its device was last heard. Many at a time, every few seconds. */
  note(presence: readonly (readonly [connection: ConnectionId, noted: NotedPresence])[]): void;
  /** Keeps what was learned of lease holders; `undefined` forgets. Many at a time, every few seconds. */
  learn(rhythms: readonly (readonly [holder: string, learned: LearnedRhythm | undefined])[]): void;
  /** Keeps who proved who it is. Many at a time, every few seconds. */
  prove(changes: ProofChanges): void;
  /** Where a journal that was destroyed gets back what it had. */
  backedBy(holdings: () => Holdings): void;
  /** Whether what was appended is not as safe yet as it should be by now, or was not a moment ago. */
  behind(): boolean;
  /** How often a new file had to be begun while it was used. */
  readonly begunAnew: number;
  close(): Promise<void>;
}

/** Why an event is kept. Small, since it changes; the event itself never does. */
export interface Standing {
  /** Whether its connection is open. */
  readonly open: boolean;
  /** Sinks that still have to confirm it. */
  readonly waiting: readonly string[];
  /** Sinks that refused it, with the cause. */
  readonly parked: Readonly<Record<string, string>>;
  /** When its device was last seen, as noted; milliseconds since the Unix epoch. */
  readonly lastSeen?: number;
  /** The lease that was last noted, as JSON. */
  readonly lease?: string;
}

/** An event as the journal's file has it. */
export interface StoredEvent {
  /** Its place in the order of all events. */
  readonly seq: number;
  /** The `ConnectionEvent` as JSON. */
  readonly facts: string;
  /** What its tenant's settings add, `TenantDownstream` as JSON, with the other properties of an `OutboundEvent`. */
  readonly downstream: string;
}

/** An event with why it is kept. */
export interface StandingEvent extends StoredEvent {
  readonly standing: Standing;
}

/** The facts about an event that its queue needs. */
export interface StoredPending {
  readonly seq: number;
  readonly tenant: string;
  readonly device: string;
  /** When it was observed; milliseconds since the Unix epoch. */
  readonly at: number;
  /** Length of its facts. */
  readonly bytes: number;
  /** Sinks that have not confirmed it, those that refused it included. */
  readonly sinks: readonly string[];
}

/** The `connected` of a connection that is open. */
export interface StoredOpen {
  readonly seq: number;
  readonly facts: string;
  /** Whether it is an announcement: the connection moved here. */
  readonly announcement: boolean;
  readonly standing: Standing;
}

/** What was learned of a lease holder, as JSON. */
interface StoredRhythm {
  /** Grows each time that anything is learned about any holder. */
  readonly seq: number;
  readonly holder: string;
  readonly gaps: string;
}

/** A device proved a secret; see `ProofMark`. */
interface StoredProof {
  /** Grows with each proof. */
  readonly seq: number;
  readonly name: string;
  readonly hash: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** How many connections of a device were left out for a sink, and not reported. `device` is a number of 53 bits, see `deviceNumber`. */
interface StoredOwed {
  readonly seq: number;
  readonly tenant: string;
  readonly device: number;
  readonly sink: string;
  readonly pairs: number;
}

/** Proofs that are kept, or, without `at`, forgotten. */
export interface ProofBatch {
  /** The key of their hashes, if the store does not have it yet. */
  readonly key?: Uint8Array;
  readonly marks: readonly { readonly name: string; readonly hash: string; readonly at?: number }[];
}

/** Which rows to read, so that they are never all in memory: in order, above `after` and up to `upTo`. */
export interface Page {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

/** The reads of a store. To read everything, ask for page after page until one is empty. */
export interface StoreReads {
  pending(page: Page): readonly StoredPending[];
  open(page: Page): readonly StoredOpen[];
  rhythms(page: Page): readonly StoredRhythm[];
  proofs(page: Page): readonly StoredProof[];
  owed(page: Page): readonly StoredOwed[];
  /** Those of the events that exist, in any order. */
  events(seqs: readonly number[]): readonly StoredEvent[];
}

/**
 * Why a journal may be incomplete: it is a `copy` that was made while an adapter ran on it, or its file `without-log`, since
 * the write-ahead log beside it, with the latest changes, is missing. `unwritten`: its adapter ended while it could not be written.
 */
export type PartOfJournal = 'copy' | 'without-log' | 'unwritten';

/** Whether the store outlives the process. */
export type StoreCondition =
  | { readonly state: 'whole' }
  /** Another process has written to it. It is consistent, but may be an older state. */
  | { readonly state: 'doubtful'; readonly problem: string }
  /** It was gone, or not the same any more, and a new one was begun, with all that it had, or empty. */
  | {
      readonly state: 'begun-anew';
      readonly problem: string;
      readonly from: 'all' | 'nothing';
      /** The new name of a file that was found in its place. */
      readonly setAside?: string;
    }
  | { readonly state: 'away'; readonly problem: string };

/** Facts about the store when it is opened. */
export interface StoreSummary {
  readonly partOfJournal?: PartOfJournal;
  readonly highWater?: string;
  /** The incarnation of the adapter that used it last. */
  readonly instance?: string;
  /** The key of the hashes of proofs. Never log it. */
  readonly proofKey?: Uint8Array;
  /** The greatest place of an event; 0 if there is none. */
  readonly lastSeq: number;
}

/** The answer of a sink for an event: it confirmed the event, or refused it. */
export interface Settlement {
  readonly sink: string;
  /** The cause of a refusal. */
  readonly refusal?: string;
}

/** Changes that are made together or not at all. Making them twice is the same as once. */
export interface Batch {
  readonly highWater?: string;
  readonly instance?: string;
  readonly removed: readonly number[];
  readonly inserted: readonly StandingEvent[];
  readonly updated: readonly (readonly [seq: number, standing: Standing])[];
  /** Settlements of events whose standing only the store knows. One that is not needed any more is removed. */
  readonly settled: readonly (readonly [seq: number, settlements: readonly Settlement[]])[];
  readonly rhythms: readonly (readonly [holder: string, gaps: string | undefined])[];
  readonly proofs?: ProofBatch;
  /** Whether other changes still wait to be stored after this one: an event of a device that was answered may be among them. */
  readonly moreWaits?: boolean;
  /** 0 pairs: nothing is owed any more. */
  readonly owed?: readonly Omit<StoredOwed, 'seq'>[];
}

/** The store of the file journal, as the thread of the adapter sees it. */
export interface JournalStore {
  /** Opens the store, which no other process may have open. @throws TransportError that says what to do about it. */
  open(): Promise<StoreSummary>;
  /** Reads the state after all batches that were applied before. */
  read<What extends keyof StoreReads>(
    what: What,
    which: Parameters<StoreReads[What]>[0],
  ): Promise<ReturnType<StoreReads[What]>>;
  /** Rejects if nothing of the batch was kept, or if that is not known. */
  apply(batch: Batch): Promise<void>;
  /** Checks whether the store still outlives the process, and mends it if not; absent if the store cannot check. */
  check?(): Promise<StoreCondition>;
  close(): Promise<void>;
}

/** Why an event is kept. Small, since it changes; the event itself never does. */
export interface Standing {
  /** Whether its connection is open. */
  readonly open: boolean;
  /** Sinks that have still to confirm it. */
  readonly waiting: readonly string[];
  /** Sinks that refused it, and what they said. */
  readonly parked: Readonly<Record<string, string>>;
  /** Last noted of its connection; milliseconds since the Unix epoch. */
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
  /** Its AMQP 1.0 message, byte for byte. */
  readonly message: Uint8Array;
  readonly standing: Standing;
}

/** Everything the journal's file has. */
export interface StoredContents {
  readonly highWater?: string;
  /** In the order they were appended. */
  readonly events: readonly StoredEvent[];
  /** Learned gaps as JSON, by lease holder; the one heard last at the end. */
  readonly rhythms: readonly (readonly [holder: string, gaps: string])[];
}

/** Changes that are made together or not at all. Making them twice is the same as once. */
export interface Batch {
  readonly highWater?: string;
  readonly removed: readonly number[];
  readonly inserted: readonly StoredEvent[];
  readonly updated: readonly (readonly [seq: number, standing: Standing])[];
  readonly rhythms: readonly (readonly [holder: string, gaps: string | undefined])[];
}

/** Where the file journal keeps things, seen from the thread of the adapter. */
export interface JournalStore {
  /** Opens the store, which nobody else may have open. @throws TransportError saying what to do about it. */
  open(): Promise<StoredContents>;
  /** Rejects where nothing of the batch was kept, or where that is not known. */
  apply(batch: Batch): Promise<void>;
  close(): Promise<void>;
}

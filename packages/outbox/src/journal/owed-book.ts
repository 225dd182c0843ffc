import type { Owed, Place } from './journal.ts';
import type { Settlement } from './store/stored.ts';

/** Changes of one device that are stored together or not at all: which events were left out, and what sinks are owed. */
export interface OwedChange<Row> {
  readonly key: string;
  readonly rows: Set<Row>;
  /** Settlements of events whose standing only the store knows. */
  readonly settled: (readonly [Place, readonly Settlement[]])[];
  readonly owed: Map<string, Owed>;
}

/** The counts that sinks are owed, until they are stored. */
export interface OwedBook<Row> {
  /** Number of devices with changes. */
  readonly size: number;
  /** Notes the count that a sink is owed. Changes that the caller adds to the result are stored with it. */
  note(owed: Owed): OwedChange<Row>;
  take(key: string): OwedChange<Row> | undefined;
  /** The oldest one. */
  first(): string | undefined;
  /** The change could not be stored: later notes take precedence, and must be stored with it. */
  putBack(change: OwedChange<Row>): void;
}

export function createOwedBook<Row>(): OwedBook<Row> {
  const changes = new Map<string, OwedChange<Row>>();
  return {
    get size() {
      return changes.size;
    },
    note(owed) {
      const key = JSON.stringify([owed.tenant, owed.device]);
      let change = changes.get(key);
      if (!change) changes.set(key, (change = { key, rows: new Set(), settled: [], owed: new Map() }));
      change.owed.set(owed.sink, owed);
      return change;
    },
    take(key) {
      const change = changes.get(key);
      changes.delete(key);
      return change;
    },
    first: () => changes.keys().next().value,
    putBack(change) {
      const since = changes.get(change.key);
      changes.set(change.key, {
        key: change.key,
        rows: new Set([...change.rows, ...(since?.rows ?? [])]),
        settled: [...change.settled, ...(since?.settled ?? [])],
        owed: new Map([...change.owed, ...(since?.owed ?? [])]),
      });
    },
  };
}

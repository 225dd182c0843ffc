import { type ConnectionId, TransportError } from '@rollcall/core';
import type { ConnectionEvent } from '@rollcall/core/events';
import type { OutboundEvent } from '@rollcall/core/sink';
import { deviceNumber } from './device-number.ts';
import { outboundOf } from './facts-of.ts';
import type { Owed, Place } from './journal.ts';
import { openSqliteStore, type SqliteStore } from './store/sqlite-store.ts';
import type { Settlement } from './store/stored.ts';

/** What was discarded for a sink. */
export interface Discarded {
  /** Events that waited, and those that it had refused. */
  readonly events: number;
  /** Connections of this adapter whose halves are both among them. */
  readonly connections: number;
  /** Ends of connections whose beginning the sink got, maybe from another adapter: to its consumers, these connections stay open. */
  readonly ends: number;
}

const pageRows = 1_000;

/**
 * Discards all events that wait for a sink in the journal of an adapter that does not run, and those that it refused. Open connections stay
 * open, and other sinks lose nothing. Connections that the sink will not get are counted as left out: if it comes back, the
 * next event of each device reports how many.
 *
 * @throws TransportError if the journal is in use, or cannot be opened.
 */
export function discardEvents(file: string, sink: string): Discarded {
  let store: SqliteStore;
  try {
    store = openSqliteStore({ file, durability: 'power', maxBytes: Number.MAX_SAFE_INTEGER });
  } catch (error) {
    throw new TransportError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return discardIn(store, sink);
  } finally {
    store.close();
  }
}

function discardIn(store: SqliteStore, sink: string): Discarded {
  const places: Place[] = [];
  const begun = new Set<ConnectionId>();
  const owed = createOwed(store, sink);
  let connections = 0;
  let ends = 0;

  for (const { event, ofAnother = false } of eventsFor(store, sink, places)) {
    // The pairs that this event would have reported as left out are owed again. What another adapter left out is not owed here.
    if (!ofAnother) owed.add(event, event.coalesced ?? 0);
    if (event.type === 'connected') {
      // What another adapter began may have been told by that one.
      if (!ofAnother) begun.add(event.connectionId);
    } else if (!ofAnother && begun.delete(event.connectionId)) {
      connections += 1;
      owed.add(event, 1);
    } else {
      ends += 1;
    }
  }
  const settlements: readonly Settlement[] = [{ sink }];
  // Both halves or none: a single half would be wrong about the connection.
  store.apply({
    removed: [],
    inserted: [],
    updated: [],
    settled: places.map((place) => [place, settlements] as const),
    rhythms: [],
    owed: owed.changed(),
  });
  return { events: places.length, connections, ends };
}

/** @param places the places of the events are added to it. */
function* eventsFor(store: SqliteStore, sink: string, places: Place[]): Iterable<OutboundEvent> {
  const upTo = store.summary().lastSeq;
  let after = 0;
  for (;;) {
    const page = store.pending({ after, upTo, limit: pageRows });
    const last = page.at(-1);
    if (!last) return;
    after = last.seq;
    const seqs = page.filter(({ sinks }) => sinks.includes(sink)).map(({ seq }) => seq);
    for (const event of store.events(seqs)) {
      places.push(event.seq);
      yield outboundOf(event);
    }
  }
}

interface SinkOwed {
  add(event: ConnectionEvent, pairs: number): void;
  changed(): readonly Owed[];
}

/** The counts that a sink is owed, by device. */
function createOwed(store: SqliteStore, sink: string): SinkOwed {
  const before = new Map<string, number>();
  const everything = { after: 0, upTo: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER };
  for (const each of store.owed(everything))
    if (each.sink === sink) before.set(keyOf(each.tenant, each.device), each.pairs);
  const changed = new Map<string, Owed>();

  return {
    add({ device: { tenant, device: name } }, pairs) {
      if (pairs === 0) return;
      const device = deviceNumber(name);
      const key = keyOf(tenant, device);
      const now = changed.get(key)?.pairs ?? before.get(key) ?? 0;
      changed.set(key, { sink, tenant, device, pairs: now + pairs });
    },
    changed: () => [...changed.values()],
  };
}

function keyOf(tenant: string, device: number): string {
  return `${device} ${tenant}`;
}

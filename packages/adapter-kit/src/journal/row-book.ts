import type { ConnectionEvent, ConnectionId, Epoch, EventId, OutboundEvent, Timestamp } from '@rollcall/core';
import type { LearnedGaps } from '../leases/rhythm.ts';
import type { Journal, NotedPresence, OpenEntry, PendingEvent, Recovered } from './journal.ts';
import type { Batch, Standing, StoredContents, StoredEvent } from './store/stored.ts';

/** An event that is kept, for the life of its reasons to be kept. */
interface Row {
  readonly seq: number;
  readonly event: EventId;
  /** Until the store has it. */
  outbound: OutboundEvent | undefined;
  open: boolean;
  waiting: readonly string[];
  parked: Readonly<Record<string, string>>;
  noted: NotedPresence | undefined;
  /** Whether a batch with it was ever handed out: then the store may have it. */
  offered: boolean;
  /** What must change in the same transaction: the other half of its connection. */
  partner: Row | undefined;
}

/** A batch, and what to do when it is known what became of it. */
interface PendingBatch {
  readonly batch: Batch;
  /** Number of rows that it has of the backlog. */
  readonly rows: number;
  stored(): void;
  /** Puts the changes back, behind the others: one that cannot be stored does not keep them from trying. */
  failed(): void;
}

/** What the journal says of itself when it changes something. See {@link Journal}. */
export interface RowBook extends Pick<Journal, 'forget' | 'park' | 'note' | 'learn'> {
  /** Takes up what the store has. To be called once, before everything else. */
  load(contents: StoredContents): Recovered;
  append(outbound: OutboundEvent, sinks: readonly string[]): void;
  /** Number of rows and rhythms whose changes the store does not have, and were not handed out either. */
  readonly backlog: number;
  /** Hands out the oldest changes, of `maxRows` rows or one more; `undefined` where there are none. */
  take(maxRows: number): PendingBatch | undefined;
}

const nothingParked: Readonly<Record<string, string>> = {};

/**
 * Which changes the store has still to make. Changes of one event that were not handed out yet melt into one, or into
 * none: however long the store is away, no more waits for it than is open, unconfirmed or parked now, and has to be
 * removed.
 */
export function createRowBook(): RowBook {
  const open = new Map<ConnectionId, Row>();
  /** Rows that some sink needs. */
  const needed = new Map<EventId, Row>();
  const dirty = new Set<Row>();
  const rhythms = new Map<string, LearnedGaps | undefined>();
  let nextSeq = 1;
  let highWater: Epoch | undefined;
  let storedHighWater: Epoch | undefined;

  function add(outbound: OutboundEvent, sinks: readonly string[]): Row {
    const { event } = outbound;
    const row: Row = {
      seq: nextSeq++,
      event: event.id,
      outbound,
      open: event.type === 'connected',
      waiting: sinks,
      parked: nothingParked,
      noted: undefined,
      offered: false,
      partner: undefined,
    };
    if (sinks.length > 0) needed.set(event.id, row);
    dirty.add(row);
    return row;
  }

  function settle(sink: string, event: EventId, cause?: string): void {
    const row = needed.get(event);
    if (!row) return;
    row.waiting = row.waiting.filter((each) => each !== sink);
    if (cause !== undefined) row.parked = { ...row.parked, [sink]: cause };
    if (row.waiting.length === 0 && row.parked === nothingParked) needed.delete(event);
    dirty.add(row);
  }

  function takeRow(row: Row, batch: Changes): void {
    dirty.delete(row);
    batch.rows.push(row);
    const kept = row.open || row.waiting.length > 0 || row.parked !== nothingParked;
    if (!kept) {
      if (row.offered) batch.removed.push(row.seq);
    } else if (row.outbound) {
      const { event, message } = row.outbound;
      batch.inserted.push({ seq: row.seq, facts: JSON.stringify(event), message, standing: standingOf(row) });
      row.offered = true;
    } else {
      batch.updated.push([row.seq, standingOf(row)]);
    }
    if (row.partner && dirty.has(row.partner)) takeRow(row.partner, batch);
  }

  return {
    load(contents) {
      highWater = storedHighWater = contents.highWater as Epoch | undefined;
      const pending: PendingEvent[] = [];
      const wasOpen: OpenEntry[] = [];
      for (const { seq, facts, message, standing } of contents.events) {
        const event = JSON.parse(facts) as ConnectionEvent;
        const noted = notedOf(standing);
        // What was parked is tried again at every start.
        const waiting = [...new Set([...standing.waiting, ...Object.keys(standing.parked)])];
        const row: Row = {
          seq,
          event: event.id,
          outbound: undefined,
          open: standing.open,
          waiting,
          parked: nothingParked,
          noted,
          offered: true,
          partner: undefined,
        };
        nextSeq = seq + 1;
        if (waiting.length > 0) needed.set(event.id, row);
        for (const sink of waiting) pending.push({ sink, outbound: { event, message } });
        if (!standing.open || event.type !== 'connected') continue;
        open.set(event.connectionId, row);
        wasOpen.push({ event, ...(noted && { noted }) });
      }
      return {
        ...(highWater !== undefined && { highWater }),
        pending,
        open: wasOpen,
        rhythms: contents.rhythms.map(([holder, gaps]) => [holder, JSON.parse(gaps) as LearnedGaps] as const),
      };
    },

    append(outbound, sinks) {
      const { event } = outbound;
      const row = add(outbound, sinks);
      if (event.type === 'connected') {
        highWater = event.epoch;
        open.set(event.connectionId, row);
        return;
      }
      const connected = open.get(event.connectionId);
      if (!connected) return;
      open.delete(event.connectionId);
      connected.open = false;
      connected.partner = row;
      row.partner = connected;
      dirty.add(connected);
    },

    forget: (sink, event) => settle(sink, event),
    park: settle,

    note(presence) {
      for (const [connection, noted] of presence) {
        const row = open.get(connection);
        if (!row) continue;
        row.noted = noted;
        dirty.add(row);
      }
    },

    learn(changes) {
      for (const [holder, gaps] of changes) {
        // Put last: whoever was heard last stands at the end.
        rhythms.delete(holder);
        rhythms.set(holder, gaps);
      }
    },

    get backlog() {
      return dirty.size + rhythms.size;
    },

    take(maxRows) {
      if (dirty.size === 0 && rhythms.size === 0) return undefined;
      const changes: Changes = { rows: [], removed: [], inserted: [], updated: [] };
      for (const row of dirty) {
        if (changes.rows.length >= maxRows) break;
        takeRow(row, changes);
      }
      const learned = takeFirst(rhythms, maxRows - changes.rows.length);
      const epoch = highWater === storedHighWater ? undefined : highWater;
      return {
        batch: {
          ...(epoch !== undefined && { highWater: epoch }),
          removed: changes.removed,
          inserted: changes.inserted,
          updated: changes.updated,
          rhythms: learned.map(([holder, gaps]) => [holder, gaps && JSON.stringify(gaps)] as const),
        },
        rows: changes.rows.length + learned.length,
        stored() {
          storedHighWater = epoch ?? storedHighWater;
          for (const row of changes.rows) {
            row.outbound = undefined;
            if (!dirty.has(row)) row.partner = undefined;
          }
        },
        failed() {
          for (const row of changes.rows) dirty.add(row);
          for (const [holder, gaps] of learned) if (!rhythms.has(holder)) rhythms.set(holder, gaps);
        },
      };
    },
  };
}

interface Changes {
  readonly rows: Row[];
  readonly removed: number[];
  readonly inserted: StoredEvent[];
  readonly updated: (readonly [seq: number, standing: Standing])[];
}

function takeFirst<Key, Value>(map: Map<Key, Value>, count: number): (readonly [Key, Value])[] {
  const taken: (readonly [Key, Value])[] = [];
  for (const entry of map) {
    if (taken.length >= count) break;
    taken.push(entry);
    map.delete(entry[0]);
  }
  return taken;
}

function standingOf({ open, waiting, parked, noted }: Row): Standing {
  return {
    open,
    waiting,
    parked,
    ...(noted && { lastSeen: noted.lastSeen }),
    ...(noted?.lease && { lease: JSON.stringify(noted.lease) }),
  };
}

function notedOf({ lastSeen, lease }: Standing): NotedPresence | undefined {
  if (lastSeen === undefined) return undefined;
  return {
    lastSeen: lastSeen as Timestamp,
    ...(lease !== undefined && { lease: JSON.parse(lease) as NonNullable<NotedPresence['lease']> }),
  };
}

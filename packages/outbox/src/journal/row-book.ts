import type { ConnectedEvent, ConnectionId, Epoch, OutboundEvent, Timestamp } from '@rollcall/core';
import type { LearnedRhythm } from './learned-rhythm.ts';
import { latestEpoch } from './latest-epoch.ts';
import type { Holdings, Journal, NotedPresence, OpenEntry, Owed, Place } from './journal.ts';
import { createOwedBook, type OwedChange } from './owed-book.ts';
import { createProofBook } from './proof-book.ts';
import { factsOf } from './facts-of.ts';
import { createSettlements } from './settlements.ts';
import { takeFirst } from './take-first.ts';
import type { Batch, Standing, StandingEvent, StoredOpen, StoreSummary } from './store/stored.ts';

/** An event whose standing is known here, and not to the store alone. */
interface Row {
  readonly seq: Place;
  /** Until the store has it. */
  outbound: OutboundEvent | undefined;
  /** While its connection is open. */
  event: ConnectedEvent | undefined;
  waiting: readonly string[];
  parked: Readonly<Record<string, string>>;
  noted: NotedPresence | undefined;
  /** Whether a batch with it was ever handed out: then the store may have it. */
  offered: boolean;
  /** What must change in the same transaction: the other half of its connection. */
  partner: Row | undefined;
  /** The change of what its device's sinks are owed that must be stored with it. */
  owedWith: string | undefined;
}

/** A batch, and what to do when it is known what became of it. */
interface PendingBatch {
  readonly batch: Batch;
  /** Number of rows that it has of the backlog, at least: without those that were taken before it was their turn. */
  readonly rows: number;
  stored(): void;
  /** Puts the changes back, behind the others: one that cannot be stored does not keep them from trying. */
  failed(): void;
}

/** What the journal says of itself when it changes something. See {@link Journal}. */
export interface RowBook extends Pick<
  Journal,
  'usedBy' | 'leaveOut' | 'forget' | 'park' | 'note' | 'learn' | 'prove' | 'holds'
> {
  /** Begins where the store ends. To be called once, before everything else. */
  begin(summary: StoreSummary): void;
  /** Takes up connections that are open in the store. */
  reopen(page: readonly StoredOpen[]): readonly OpenEntry[];
  append(outbound: OutboundEvent, sinks: readonly string[], owed: readonly Owed[]): Place;
  /** The store has lost everything: it gets what is in memory, and the number of events that are not is the result. */
  refill(holdings: Holdings): number;
  /** Number of rows, rhythms, proofs and devices that are owed something, whose changes the store does not have, and were not handed out either. */
  readonly backlog: number;
  /** Number of those that are refusals, of events whose standing is known to the store alone. */
  readonly refusals: number;
  /** Hands out the oldest changes, of `maxRows` rows or a few more; `undefined` where there are none. */
  take(maxRows: number): PendingBatch | undefined;
}

const nothingParked: Readonly<Record<string, string>> = {};
/** Rows of events that only wait to be confirmed, and are in the store: beyond it, their standing is known to the store alone. */
const maxRestingRows = 5_000;

/**
 * Which changes the store has still to make. Changes of one event that were not handed out yet melt into one, or into
 * none: however long the store is away, no more waits for it than is open, unconfirmed or parked now, and has to be
 * removed. What the store has, and only waits, is forgotten here: it is as many events as the network was away for.
 */
export function createRowBook(): RowBook {
  const open = new Map<ConnectionId, Row>();
  /** Rows that some sink needs, or that are open. */
  const known = new Map<Place, Row>();
  const dirty = new Set<Row>();
  /** Those of the known that wait, closed and stored; the one that rests longest first. */
  const resting = new Set<Row>();
  const settlements = createSettlements();
  const rhythms = new Map<string, LearnedRhythm | undefined>();
  const proofs = createProofBook();
  const owedBook = createOwedBook<Row>();
  let nextSeq: Place = 1;
  let highWater: Epoch | undefined;
  let storedHighWater: Epoch | undefined;
  let refills = 0;
  let latestInstance: string | undefined;
  /** Until the store has it. */
  let instance: string | undefined;

  function change(row: Row): void {
    resting.delete(row);
    dirty.add(row);
    if (isKept(row)) return;
    known.delete(row.seq);
    // Nobody needs it any more: a disk that does not answer does not make it stay in memory, nor what the store never had.
    row.outbound = undefined;
    if (!row.offered) dirty.delete(row);
  }

  function settle(sink: string, place: Place, refusal?: string): void {
    const row = known.get(place);
    if (!row) {
      settlements.add(place, { sink, ...(refusal !== undefined && { refusal }) });
      return;
    }
    row.waiting = row.waiting.filter((each) => each !== sink);
    if (refusal !== undefined) row.parked = { ...row.parked, [sink]: refusal };
    change(row);
  }

  function rest(row: Row): void {
    row.outbound = undefined;
    if (dirty.has(row)) return;
    row.partner = undefined;
    if (row.event || !isKept(row)) return;
    resting.add(row);
    if (resting.size <= maxRestingRows) return;
    const [longest] = resting;
    if (!longest) return;
    resting.delete(longest);
    known.delete(longest.seq);
  }

  function takeRow(row: Row, batch: Changes): void {
    dirty.delete(row);
    batch.rows.push(row);
    if (!isKept(row)) {
      if (row.offered) batch.removed.push(row.seq);
    } else if (row.outbound) {
      const { seq, outbound } = row;
      const downstream = JSON.stringify(outbound.downstream);
      batch.inserted.push({ seq, facts: factsOf(outbound), downstream, standing: standingOf(row) });
      row.offered = true;
    } else {
      batch.updated.push([row.seq, standingOf(row)]);
    }
    if (row.partner && dirty.has(row.partner)) takeRow(row.partner, batch);
    if (row.owedWith !== undefined) takeOwed(row.owedWith, batch);
  }

  function takeOwed(key: string, batch: Changes): void {
    const owing = owedBook.take(key);
    if (!owing) return;
    batch.owed.push(owing);
    for (const row of owing.rows) {
      row.owedWith = undefined;
      if (!dirty.has(row)) continue;
      const before = batch.rows.length;
      takeRow(row, batch);
      batch.early += batch.rows.length - before;
    }
  }

  function tie(row: Row, owing: OwedChange<Row>): void {
    owing.rows.add(row);
    row.owedWith = owing.key;
  }

  function leaveOutOne(sink: string, place: Place, owing: OwedChange<Row>): void {
    const row = known.get(place);
    if (!row) {
      owing.settled.push([place, [{ sink }]]);
      return;
    }
    settle(sink, place);
    tie(row, owing);
  }

  function heldInMemory(place: Place, sink: string, outbound: OutboundEvent): void {
    const row = known.get(place);
    if (!row) {
      known.set(place, {
        seq: place,
        outbound,
        event: undefined,
        waiting: [sink],
        parked: nothingParked,
        noted: undefined,
        offered: true,
        partner: undefined,
        owedWith: undefined,
      });
      return;
    }
    row.outbound ??= outbound;
    if (!row.waiting.includes(sink)) row.waiting = [...row.waiting, sink];
  }

  function backlog(): number {
    return dirty.size + settlements.size + rhythms.size + proofs.size + owedBook.size;
  }

  return {
    begin(summary) {
      highWater = storedHighWater = summary.highWater as Epoch | undefined;
      nextSeq = summary.lastSeq + 1;
    },

    reopen: (page) =>
      page.map(({ seq, facts, standing }) => {
        const event = JSON.parse(facts) as ConnectedEvent;
        const noted = notedOf(standing);
        const row: Row = {
          seq,
          outbound: undefined,
          event,
          // What was parked is tried again at every start.
          waiting: [...new Set([...standing.waiting, ...Object.keys(standing.parked)])],
          parked: nothingParked,
          noted,
          offered: true,
          partner: undefined,
          owedWith: undefined,
        };
        known.set(seq, row);
        open.set(event.connectionId, row);
        return { event, ...(noted && { noted }) };
      }),

    usedBy(now) {
      instance = latestInstance = now;
    },

    append(outbound, sinks, owed) {
      const { event } = outbound;
      highWater = latestEpoch(event, highWater);
      const row: Row = {
        seq: nextSeq++,
        outbound,
        event: event.type === 'connected' ? event : undefined,
        waiting: sinks,
        parked: nothingParked,
        noted: undefined,
        offered: false,
        partner: undefined,
        owedWith: undefined,
      };
      known.set(row.seq, row);
      change(row);
      for (const each of owed) tie(row, owedBook.note(each));
      if (event.type === 'connected') {
        open.set(event.connectionId, row);
        return row.seq;
      }
      const connected = open.get(event.connectionId);
      if (!connected) return row.seq;
      open.delete(event.connectionId);
      connected.event = undefined;
      connected.partner = row;
      row.partner = connected;
      change(connected);
      return row.seq;
    },

    holds(place) {
      const row = known.get(place);
      return row ? row.outbound === undefined : place < nextSeq;
    },
    leaveOut(sink, places, owed) {
      const owing = owedBook.note(owed);
      for (const place of places) leaveOutOne(sink, place, owing);
    },
    forget: (sink, place) => settle(sink, place),
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

    prove: (changes) => proofs.note(changes),

    get backlog() {
      return backlog();
    },

    refill({ waiting, owed, rhythms: learned, proofs: { key, proofs: noted } }) {
      refills += 1;
      storedHighWater = undefined;
      instance = latestInstance;
      const lost = new Set<Place>();
      for (const { place, sink, outbound } of waiting()) {
        if (outbound) heldInMemory(place, sink, outbound);
        else lost.add(place);
      }
      for (const row of [...known.values()]) {
        if (row.event) row.outbound ??= toldAgain(row.event);
        if (row.outbound) {
          dirty.add(row);
          resting.delete(row);
          lost.delete(row.seq);
        } else {
          lost.add(row.seq);
          for (const rows of [dirty, resting]) rows.delete(row);
          known.delete(row.seq);
        }
      }
      for (const each of owed) owedBook.note(each);
      for (const [holder, gaps] of learned) if (!rhythms.has(holder)) rhythms.set(holder, gaps);
      proofs.note({ key, noted, forgotten: [] });
      return lost.size;
    },

    get refusals() {
      return settlements.refusals;
    },

    take(maxRows) {
      if (backlog() === 0 && highWater === storedHighWater && instance === undefined) return undefined;
      const changes: Changes = { rows: [], removed: [], inserted: [], updated: [], owed: [], early: 0 };
      for (const row of dirty) {
        if (changes.rows.length >= maxRows) break;
        takeRow(row, changes);
      }
      for (let key = owedBook.first(); key !== undefined; key = owedBook.first()) {
        if (changes.rows.length + changes.owed.length >= maxRows) break;
        takeOwed(key, changes);
      }
      const settled = settlements.take(maxRows - changes.rows.length);
      const learned = takeFirst(rhythms, maxRows - changes.rows.length - settled.length);
      const proved = proofs.take(maxRows - changes.rows.length - settled.length - learned.length);
      const epoch = highWater === storedHighWater ? undefined : highWater;
      const usedBy = instance;
      const takenAfter = refills;
      function failed(): void {
        // What was lost meanwhile is not changed any more.
        for (const row of changes.rows) if (known.get(row.seq) === row || !isKept(row)) dirty.add(row);
        settlements.putBack(settled);
        for (const [holder, gaps] of learned) if (!rhythms.has(holder)) rhythms.set(holder, gaps);
        proofs.putBack(proved);
        for (const owing of changes.owed) {
          owedBook.putBack(owing);
          for (const row of owing.rows) row.owedWith = owing.key;
        }
      }
      return {
        batch: {
          ...(epoch !== undefined && { highWater: epoch }),
          ...(usedBy !== undefined && { instance: usedBy }),
          removed: changes.removed,
          inserted: changes.inserted,
          updated: changes.updated,
          settled: [...settled, ...changes.owed.flatMap((owing) => owing.settled)],
          rhythms: learned.map(([holder, gaps]) => [holder, gaps && JSON.stringify(gaps)] as const),
          ...(proved.marks.length > 0 && { proofs: proved }),
          ...(changes.owed.length > 0 && { owed: changes.owed.flatMap(({ owed }) => [...owed.values()]) }),
        },
        rows: changes.rows.length - changes.early + settled.length + learned.length + proved.marks.length,
        failed,
        stored() {
          // The store that has it may not be the one that is there now.
          if (takenAfter !== refills) {
            failed();
            return;
          }
          storedHighWater = epoch ?? storedHighWater;
          if (usedBy === instance) instance = undefined;
          proofs.stored(proved);
          for (const row of changes.rows) rest(row);
        },
      };
    },
  };
}

/** What only the journal had of a connection that is open; without what the tenant would add, which its registry knows. */
function toldAgain(event: ConnectedEvent): OutboundEvent {
  return { event, downstream: { defaults: {} } };
}

interface Changes {
  readonly rows: Row[];
  readonly removed: number[];
  readonly inserted: StandingEvent[];
  readonly updated: (readonly [seq: number, standing: Standing])[];
  readonly owed: OwedChange<Row>[];
  /** Number of rows that were taken before it was their turn, for what is owed. */
  early: number;
}

function isKept({ event, waiting, parked }: Row): boolean {
  return event !== undefined || waiting.length > 0 || parked !== nothingParked;
}

function standingOf({ event, waiting, parked, noted }: Row): Standing {
  return {
    open: event !== undefined,
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

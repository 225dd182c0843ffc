import type { ConnectedEvent } from '@rollcall/core/events';
import type { OutboundEvent } from '@rollcall/core/sink';
import type { HeldEvent, Place } from './journal.ts';
import { isKept, rowOf, type Row } from './row.ts';

/** How many stored rows that only wait to be confirmed are kept in memory. Of others, only the store has the standing. */
const maxRestingRows = 5_000;

/**
 * The rows that are in memory. A row is `changed` until a batch takes it. Once it is stored, and its connection is closed, it
 * `rests` until a sink confirms it; the row that has rested longest is forgotten first.
 */
export class KnownRows {
  /** Rows that some sink needs, or whose connection is open. */
  readonly #known = new Map<Place, Row>();
  /** Oldest change first. A row that is not needed any more, but that the store may have, is only in this set. */
  readonly #changed = new Set<Row>();
  /** The one that rests longest first. */
  readonly #resting = new Set<Row>();
  #changes = 0;

  get(place: Place): Row | undefined {
    return this.#known.get(place);
  }

  add(row: Row): void {
    this.#known.set(row.seq, row);
  }

  get changed(): ReadonlySet<Row> {
    return this.#changed;
  }

  /** How often a row began to differ from the store. */
  get changes(): number {
    return this.#changes;
  }

  /** Which of these changes is the oldest that no batch took; `Infinity` if there is none. */
  get oldestChange(): number {
    const [oldest] = this.#changed;
    return oldest?.changedAs ?? Infinity;
  }

  /** The row differs from the store. */
  change(row: Row): void {
    this.#resting.delete(row);
    this.#differs(row);
    if (isKept(row)) return;
    this.#known.delete(row.seq);
    // The row is not needed any more: it leaves memory even if the disk does not answer, and is not stored if it never was.
    row.outbound = row.facts = undefined;
    if (!row.offered) this.#changed.delete(row);
  }

  /** Facts about an open connection were noted. */
  note(row: Row): void {
    this.#differs(row);
  }

  /** A batch takes the changes of the row. */
  take(row: Row): void {
    this.#changed.delete(row);
  }

  /** The changes that a batch took of the row could not be stored. */
  putBack(row: Row): void {
    // A row that the store lost meanwhile is not changed any more.
    if (this.#known.get(row.seq) === row || !isKept(row)) this.#differs(row);
  }

  /** The changes that a batch took of the row are stored. */
  stored(row: Row): void {
    row.outbound = row.facts = undefined;
    if (this.#changed.has(row)) return;
    row.partner = undefined;
    if (row.event || !isKept(row)) return;
    this.#resting.add(row);
    if (this.#resting.size <= maxRestingRows) return;
    const [longest] = this.#resting;
    if (!longest) return;
    this.#resting.delete(longest);
    this.#known.delete(longest.seq);
  }

  /**
   * The store has lost everything: every row whose event is in memory must be stored again, and the others are forgotten.
   *
   * @param waiting the events that the outbox has in memory.
   * @returns number of events that are lost.
   */
  refill(waiting: Iterable<HeldEvent>): number {
    const lost = new Set<Place>();
    for (const held of waiting) {
      if (held.outbound) this.#holdAgain(held, held.outbound);
      else lost.add(held.place);
    }
    for (const row of this.#known.values()) {
      if (row.event) row.outbound ??= eventAlone(row.event, row.movedHere);
      this.#resting.delete(row);
      if (row.outbound) {
        this.#differs(row);
        lost.delete(row.seq);
      } else {
        lost.add(row.seq);
        this.#changed.delete(row);
        this.#known.delete(row.seq);
      }
    }
    return lost.size;
  }

  #differs(row: Row): void {
    if (this.#changed.has(row)) return;
    this.#changes += 1;
    row.changedAs = this.#changes;
    this.#changed.add(row);
  }

  #holdAgain({ place, sink }: HeldEvent, outbound: OutboundEvent): void {
    const row = this.#known.get(place);
    if (!row) {
      const again = rowOf(place, outbound, [sink]);
      again.offered = true;
      this.add(again);
      return;
    }
    row.outbound ??= outbound;
    if (!row.waiting.includes(sink)) row.waiting = [...row.waiting, sink];
  }
}

/** An open connection that only the journal had. The settings of its tenant are missing; the registry knows them. */
function eventAlone(event: ConnectedEvent, movedHere: boolean): OutboundEvent {
  return {
    event,
    downstream: { defaults: {} },
    ...(movedHere && { announcement: true, ofAnother: true }),
  };
}

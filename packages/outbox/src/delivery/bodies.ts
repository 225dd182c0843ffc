import type { OutboundEvent } from '@rollcall/core/sink';
import { factsOf } from '../journal/facts-of.ts';
import type { Journal, Place } from '../journal/journal.ts';
import { ReadBack } from './read-back.ts';

/** An event in memory. */
interface Body {
  readonly outbound: OutboundEvent;
  readonly bytes: number;
  /** Settles before the event may be sent; absent: it may be sent at once. */
  readonly committed: Promise<void> | undefined;
  /** How many sinks have not accepted or refused it yet. */
  users: number;
  /** Whether it was read back and is being sent, so that it is needed now. */
  inUse: boolean;
}

/** What an event takes beside its facts as JSON: its facts as an object, and the wrapping of both. */
const overheadBytes = 1_300;

/**
 * The events that wait, by place: in memory while there is room, otherwise read back from the journal when it is their turn.
 *
 * Events that the journal also has may take half of `maxBytes`, so that an event that waits only for a moment is never
 * read back. Events that the journal does not have may take all of it. The oldest stay in memory: it is their turn first.
 */
export class Bodies {
  readonly #journal: Pick<Journal, 'holds'>;
  readonly #maxBytes: number;
  readonly #held = new Map<Place, Body>();
  readonly #readBack: ReadBack;
  #bytes = 0;
  #inUseBytes = 0;
  #sweepAbove: number;
  #watched: Promise<void> | undefined;

  constructor(journal: Pick<Journal, 'holds' | 'read'>, maxBytes: number) {
    this.#journal = journal;
    this.#maxBytes = maxBytes;
    this.#sweepAbove = maxBytes / 2;
    this.#readBack = new ReadBack({
      journal,
      // One at least. Otherwise events that are being sent could wait forever for those that cannot be read.
      mayRead: () => this.#inUseBytes === 0 || this.#inUseBytes < maxBytes / 2,
      mayReadAhead: () => this.#bytes < maxBytes / 2,
      isInMemory: (place) => this.#held.has(place),
      arrived: (place, outbound, inUse) => this.#arrived(place, outbound, inUse),
    });
  }

  /** Keeps an event for `users` sinks. */
  keep(place: Place, outbound: OutboundEvent, users: number, committed: Promise<void> | undefined): void {
    this.#put(place, { outbound, bytes: bytesOf(outbound), committed, users, inUse: false });
    if (this.#bytes > this.#sweepAbove) this.#sweep();
    if (committed && this.#isCrowded) this.#sweepOnceCommitted(committed);
  }

  /** An event that is in memory. */
  get(place: Place): Pick<Body, 'outbound' | 'committed'> | undefined {
    return this.#held.get(place);
  }

  /**
   * Reads an event back, together with others that are asked for at the same time; `undefined` if the journal does not have
   * it. Waits while too many that were read are being sent. Rejects if the journal cannot be read now.
   *
   * @param ahead events that will be asked for next: they are read too if there is room.
   */
  fetch(place: Place, ahead: readonly Place[]): Promise<OutboundEvent | undefined> {
    return this.#readBack.fetch(place, ahead);
  }

  /** The event was sent without success: it is needed again later. */
  putBack(place: Place): void {
    const body = this.#held.get(place);
    if (!body?.inUse) return;
    if (this.#bytes > this.#maxBytes / 2) this.#drop(place, body);
    else this.#notInUse(body);
  }

  /** One sink does not need this event any more. */
  done(place: Place): void {
    const body = this.#held.get(place);
    if (body && (body.users -= 1) <= 0) this.#drop(place, body);
  }

  /** About how many bytes the events in memory take. */
  get memoryBytes(): number {
    return this.#bytes;
  }

  /** Whether the events that only memory has, since the journal does not have them, exceed the bound. */
  get overBound(): boolean {
    return this.#bytes > this.#maxBytes;
  }

  /** Whether only memory has the event. */
  isPinned(place: Place): boolean {
    return this.#held.has(place) && !this.#isInJournal(place);
  }

  get #isCrowded(): boolean {
    return this.#bytes > this.#maxBytes * 0.75;
  }

  /** Announcements have places below 0, and are only in memory. */
  #isInJournal(place: Place): boolean {
    return place > 0 && this.#journal.holds(place);
  }

  #arrived(place: Place, outbound: OutboundEvent, inUse: boolean): void {
    if (this.#held.has(place)) return;
    this.#put(place, { outbound, bytes: bytesOf(outbound), committed: undefined, users: 1, inUse });
  }

  #put(place: Place, body: Body): void {
    this.#held.set(place, body);
    this.#bytes += body.bytes;
    if (body.inUse) this.#inUseBytes += body.bytes;
  }

  #drop(place: Place, body: Body): void {
    this.#held.delete(place);
    this.#bytes -= body.bytes;
    this.#notInUse(body);
  }

  #notInUse(body: Body): void {
    if (!body.inUse) return;
    body.inUse = false;
    this.#inUseBytes -= body.bytes;
    this.#readBack.goOn();
  }

  /** Each sweep frees a part of `maxBytes`, or the next one waits until that much came again. So it costs little per event. */
  #sweep(): void {
    const maxBytes = this.#maxBytes;
    let kept = 0;
    for (const [place, body] of this.#held) {
      if (!body.inUse && kept >= maxBytes / 4 && this.#isInJournal(place)) this.#drop(place, body);
      else kept += body.bytes;
    }
    this.#sweepAbove = Math.max(maxBytes / 2, this.#bytes + maxBytes / 8);
  }

  /** If much is not committed yet, memory is freed once it is. */
  #sweepOnceCommitted(committed: Promise<void>): void {
    if (this.#watched === committed) return;
    this.#watched = committed;
    void committed.then(() => {
      if (this.#isCrowded) this.#sweep();
    });
  }
}

function bytesOf(outbound: OutboundEvent): number {
  return factsOf(outbound).length + overheadBytes;
}

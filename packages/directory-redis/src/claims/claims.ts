import type { ConnectionId, Epoch } from '@rollcall/core';
import type { DirectoryPlace, DirectoryStanding } from '@rollcall/core/directory';
import { keepNotedSeconds } from '../state/note-windows.ts';
import { Recent } from '../state/recent.ts';
import type { Reply } from '../contact/asker.ts';
import { claimSlot } from '../scripts/claim-slot.ts';
import { releaseSlot } from '../scripts/release-slot.ts';
import { unattended, type Shared } from '../shared.ts';
import type { HeldConnection } from '../state/held-connection.ts';
import { readClaim, type Claim } from '../wire/claim.ts';
import { endingText } from '../wire/note.ts';
import { readEpoch } from '../wire/read-epoch.ts';
import { shortId } from '../wire/short-id.ts';
import { recordOf } from './record-of.ts';

/** How long the end of a connection is remembered. For a lease that moved it is long: its earlier holder may be cut off. */
const rememberEndsSeconds = { session: 0, lease: 600, moved: 86_400 } as const;

export type ClaimKind = 'session' | 'lease' | 'asserted' | 'displaced';

/** Endings that the engine was not told of, as it was away: beyond it, only the journal has the oldest. */
const mostNotReleased = 10_000;

/** How many ends are told again at a time. */
const together = 64;

/** A record to take out. */
interface Released {
  readonly device: string;
  readonly field: string;
  readonly bucket: number;
  readonly kind: 'session' | 'lease' | 'moved';
  /** The incarnation that held it, as a short id; absent: this one. */
  readonly of?: string;
  /** The connection that ended, if it is known: see `endingText`. */
  readonly ended?: HeldConnection;
}

export interface ClaimsOptions extends Shared {
  /** How long after it was made a claim still wins against any clock. */
  readonly freshForMs: number;
  /** The engine may not know what this instance holds in this bucket, or may know too much. */
  doubt(bucket: number): void;
  /** What this instance holds in this bucket changed, and that was not sent to the engine. */
  unasked(bucket: number): void;
  /** The engine says that this incarnation was declared dead. */
  fenced(instance: string): void;
  /** The ending of a connection came too late: this incarnation was declared dead. */
  leftInDoubt(held: HeldConnection): void;
  /** Short ids of the incarnations that give signs of life; `undefined`: the engine did not answer. */
  living(): Promise<ReadonlySet<string> | undefined>;
  /** A lease of this incarnation was ended while the engine was away, so other instances do not know it. */
  endedUntold(held: HeldConnection, incarnation: string): void;
}

/** Enters connections, asserts them again, and takes them out. */
export class Claims {
  readonly #options: ClaimsOptions;
  /** By connection, as short ids. */
  readonly #notReleased = new Map<string, HeldConnection>();
  /** Endings whose answer is outstanding. */
  readonly #releasing = new Set<HeldConnection>();
  readonly #ended: Recent<HeldConnection>;
  /** Leases. Their new holders enter them again, should the engine not know that they moved. */
  readonly #movedAway: Recent<HeldConnection>;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#ended = new Recent(options.context.clock);
    this.#movedAway = new Recent(options.context.clock);
  }

  /** A session began now. */
  async enter(held: HeldConnection): Promise<DirectoryStanding> {
    const { book, asker, tallies, self, time } = this.#options;
    tallies.claims += 1;
    held.claimedAtMs = Math.round(time.now() ?? 0);
    const before = book.add(held);
    if (before) this.displaced(before, this.#placeOf(held));
    if (!asker.canAsk) return this.notAsked(held);
    const me = self.short;
    const reply = await this.claim(held, 'session', (late) => void this.settle(held, late, me));
    return this.settle(held, reply, me) ?? 'unknown';
  }

  /** The connection is sent to the engine later. */
  notAsked(held: HeldConnection): 'unknown' {
    this.#options.tallies.claims_not_sent += 1;
    this.#options.unasked(held.bucket);
    return 'unknown';
  }

  /** Asserts a connection again. Resolves to false if the engine did not answer. */
  async assert(held: HeldConnection): Promise<boolean> {
    const { asker, tallies, self } = this.#options;
    tallies.assertions += 1;
    const me = self.short;
    const kind = held.displaced ? 'displaced' : held.noted ? 'asserted' : 'session';
    const { keys, args } = this.#asked(held, kind, '');
    const reply = await asker.ask(claimSlot, keys, args);
    this.settle(held, reply, me);
    return reply.status !== 'none';
  }

  /** Claims the slot of a connection that begins. Settles within the time that a device waits. */
  claim(held: HeldConnection, kind: ClaimKind, late: (reply: Reply) => void): Promise<Reply> {
    const { asker, time, freshForMs } = this.#options;
    const now = time.now();
    const freshUntil = now === undefined ? '' : String(Math.round(now + freshForMs));
    const { keys, args } = this.#asked(held, kind, freshUntil);
    return asker.askInTime(claimSlot, keys, args, late);
  }

  /**
   * The ending of a connection is stored safely, so its record can go.
   *
   * @returns settles when the engine has answered, or when a device would not wait any more; `undefined`: it was not asked.
   */
  release(held: HeldConnection): Promise<void> | undefined {
    const { asker, context } = this.#options;
    if (asker.canAsk) {
      this.#releasing.add(held);
      const released = this.#release(held).finally(() => this.#releasing.delete(held));
      unattended(context.log, released);
      return asker.inTime(released);
    }
    this.#options.unasked(held.bucket);
    this.notReleased(held);
    return undefined;
  }

  /** The engine is to be told of its end later. */
  notReleased(held: HeldConnection): void {
    // Of a connection that was never sent the engine has no record, so no answer would ever take it off this list.
    if (held.ending && (held.known || held.isSent)) this.#notReleased.set(held.shortId, held);
    const [oldest] = this.#notReleased.keys();
    if (this.#notReleased.size > mostNotReleased) this.#notReleased.delete(oldest ?? '');
    if (held.noted) this.#options.endedUntold(held, this.#options.self.short);
  }

  /**
   * What ended lately is told again: the engine may have gone back to what it was before. If this instance died then, others would report
   * these connections a second time.
   */
  async tellEndsAgain(): Promise<void> {
    const ends = this.#ended.all();
    for (let at = 0; at < ends.length; at += together) {
      const replies = await Promise.all(
        ends.slice(at, at + together).map(([connection, held]) => this.#tellEndAgain(connection, held)),
      );
      if (replies.includes('none')) return;
    }
  }

  async #tellEndAgain(connection: string, held: HeldConnection): Promise<Reply['status']> {
    // A lease may have come here again.
    if (this.#options.book.get(held.event.connectionId)) return 'answer';
    const { deviceName: device, field, bucket } = held;
    const released = { device, field, bucket, kind: kindOf(held), ended: held };
    return (await this.#askToRelease(connection, released)).status;
  }

  /** A lease that lately moved from here to another instance. */
  movedAwayLately(connection: string): HeldConnection | undefined {
    return this.#movedAway.get(connection);
  }

  /** To be called once a second. */
  forgetOld(): void {
    this.#ended.forgetOld();
    this.#movedAway.forgetOld();
  }

  /** The next incarnation begins: others report what the engine has of this one. */
  forgetAll(): void {
    this.#notReleased.clear();
    this.#releasing.clear();
    this.#ended.clear();
    this.#movedAway.clear();
  }

  /** Connections that ended, and the engine did not confirm that it knows. */
  notReleasedYet(): Iterable<HeldConnection> {
    return new Set([...this.#notReleased.values(), ...this.#releasing]);
  }

  /** Takes out a record that the book does not have. Resolves to false if the engine did not answer. */
  async releaseRecord(connection: string, released: Released): Promise<boolean> {
    const me = this.#options.self.short;
    const ended = released.ended ?? this.#notReleased.get(connection) ?? this.#ended.get(connection);
    const reply = await this.#askToRelease(connection, { ...released, ...(ended && { ended }) });
    const isFenced = reply.status === 'answer' && reply.value === 2;
    if (isFenced) {
      if (ended) this.#options.leftInDoubt(ended);
      this.#options.fenced(me);
    }
    if (reply.status === 'none') return false;
    this.#notReleased.delete(connection);
    if (ended && !isFenced && me === this.#options.self.short) {
      this.#ended.add(connection, ended);
      this.#movedAway.delete(connection);
    }
    return true;
  }

  #askToRelease(connection: string, { device, field, bucket, kind, of, ended }: Released): Promise<Reply> {
    const { asker, keys, self, context } = this.#options;
    const me = self.short;
    const owner = of ?? me;
    const ending = ended?.ending ? endingText(ended.ending, ended.event) : '';
    return asker.ask(
      releaseSlot,
      [
        keys.devices(bucket) + device,
        keys.owedBy(bucket) + owner,
        keys.fenced(bucket),
        keys.heard(bucket),
        keys.ended(bucket) + connection,
      ],
      [
        field,
        me,
        connection,
        keys.channels,
        kind,
        String(rememberEndsSeconds[kind]),
        owner,
        ending,
        keys.noted(bucket),
        keys.owedBy(bucket),
        String(keepNotedSeconds(context.deadAfterMs)),
      ],
    );
  }

  /**
   * Handles the answer to a claim. Returns how the connection stands; `undefined`: that is not known.
   *
   * @param me the incarnation that asked.
   */
  settle(held: HeldConnection, reply: Reply, me: string): DirectoryStanding | undefined {
    const { book, foreign, fenced } = this.#options;
    if (reply.status === 'refused') return undefined;
    if (reply.status === 'none' || !Array.isArray(reply.value)) {
      // Usually the answer is only late; by then the connection is known.
      if (held.known || held.noted) this.#options.doubt(held.bucket);
      else this.#options.unasked(held.bucket);
      return undefined;
    }
    const [code, first, second, third] = reply.value as readonly unknown[];
    if (code === 2) fenced(me);
    const winner = code === 0 ? readClaim(first) : undefined;
    // If another incarnation holds this lease, the engine has no record of it here.
    held.known ||= code === 1 || (code === 0 && winner?.connection !== held.event.connectionId);
    if (book.get(held.event.connectionId) !== held) return undefined;
    if (code === 1) {
      if (typeof third === 'string' && third !== '') foreign.found('claim', third);
      return this.#won(held, first, readClaim(second));
    }
    if (code === 0) return this.#lost(held, winner);
    if (code !== 3) return undefined;
    this.endedElsewhere(held);
    return 'lost';
  }

  /** Reports to the listener once. */
  displaced(held: HeldConnection, by: DirectoryPlace): void {
    const { book, context } = this.#options;
    if (held.displaced || book.get(held.event.connectionId) !== held) return;
    held.displaced = true;
    book.displace(held);
    context.listener.displaced(held.event.connectionId, by);
  }

  /** Another instance now holds a lease of this one, under the same connection id. */
  movedAway(held: HeldConnection, to: Claim): void {
    const { book, context, tallies } = this.#options;
    if (!held.noted || !book.remove(held)) return;
    tallies.leases_moved_away += 1;
    this.#movedAway.add(held.shortId, held);
    const { device, connectionId: connection } = held.event;
    context.listener.leases.movedAway(connection, { device, connection, instance: to.instance });
  }

  /** Another instance published the ending of a lease of this one. */
  endedElsewhere(held: HeldConnection): void {
    const { book, context } = this.#options;
    if (!held.noted || !book.remove(held)) return;
    // The ending is not owed any more.
    void this.release(held);
    context.listener.leases.endedElsewhere(held.event.connectionId);
  }

  /** The slot is this connection's, unless a later connection of this instance has it by now. */
  #won(held: HeldConnection, epoch: unknown, before: Claim | undefined): DirectoryStanding {
    const { book, self, context } = this.#options;
    held.epoch = readEpoch(epoch) ?? held.epoch;
    if (held.from !== '') held.takenFrom = held.from;
    held.from = '';
    if (before) {
      if (before.epoch >= held.event.epoch)
        context.listener.epochSeen(before.epoch as Epoch, 'claim', held.event.connectionId);
      const isOurs = before.instance === self.identity.instance;
      const own = isOurs ? book.get(before.connection as ConnectionId) : undefined;
      // In a cluster an assertion may overtake the claim of a later connection, which is the holder, and must claim again.
      if (own && held.displaced) this.#options.doubt(held.bucket);
      else if (own) this.displaced(own, this.#placeOf(held));
    }
    return held.displaced ? 'lost' : 'held';
  }

  #lost(held: HeldConnection, by: Claim | undefined): DirectoryStanding | undefined {
    if (!by) return undefined;
    if (by.connection === held.event.connectionId) {
      if (held.takenFrom === shortId(by.instance)) return this.#takeAgain(held);
      if (held.from !== '' || !held.known) return this.#unlessGone(held, by);
      this.movedAway(held, by);
      return 'lost';
    }
    if (!held.displaced) this.#options.tallies.claims_lost += 1;
    const { device } = held.event;
    this.displaced(held, { device, connection: by.connection as ConnectionId, instance: by.instance });
    return 'lost';
  }

  /**
   * The engine says that another incarnation has a lease which this one never entered, for example since an earlier run of this adapter
   * had it. If that incarnation lives, it took the lease meanwhile, and keeps it. If not, this one takes the lease with its next
   * assertion: an earlier run may have ended before it entered what it had from the run before it.
   */
  #unlessGone(held: HeldConnection, by: Claim): undefined {
    const { context, living, doubt } = this.#options;
    doubt(held.bucket);
    const { from } = held;
    const holder = shortId(by.instance);
    const decided = living().then((alive) => {
      if (!alive || held.from !== from) return;
      if (alive.has(holder)) this.movedAway(held, by);
      else held.from = holder;
    });
    unattended(context.log, decided);
    return undefined;
  }

  /** The engine went back to what it was before the lease moved here. */
  #takeAgain(held: HeldConnection): undefined {
    held.from = held.takenFrom;
    // If the other instance has it after all, this one leaves it there the next time.
    held.takenFrom = '';
    this.#options.doubt(held.bucket);
    return undefined;
  }

  async #release(held: HeldConnection): Promise<void> {
    const { deviceName: device, field, bucket } = held;
    if (await this.releaseRecord(held.shortId, { device, field, bucket, kind: kindOf(held), ended: held }))
      return;
    this.#options.doubt(held.bucket);
    this.notReleased(held);
  }

  #placeOf({ event: { device, connectionId: connection } }: HeldConnection): DirectoryPlace {
    return { device, connection, instance: this.#options.self.identity.instance };
  }

  #asked(
    held: HeldConnection,
    kind: ClaimKind,
    freshUntil: string,
  ): { readonly keys: readonly string[]; readonly args: readonly string[] } {
    const { keys: names, self, time, context } = this.#options;
    const { bucket, deviceName, shortId: connection } = held;
    held.isSent = true;
    const owed = names.owedBy(bucket);
    return {
      keys: [
        names.devices(bucket) + deviceName,
        owed + self.short,
        names.fenced(bucket),
        names.ended(bucket) + connection,
      ],
      args: [
        held.field,
        held.epoch,
        self.short,
        connection,
        recordOf(held, time, context.clock),
        freshUntil,
        held.from,
        names.channels,
        owed,
        kind,
        names.told(bucket, ''),
        shortId(held.event.adapter.instance),
      ],
    };
  }
}

function kindOf({ noted, moved }: HeldConnection): Released['kind'] {
  if (!noted) return 'session';
  return moved ? 'moved' : 'lease';
}

import type { ConnectionId } from '@rollcall/core';
import { sleep } from '@rollcall/core/environment';
import type {
  DirectoryLeases,
  GivingUp,
  HeldLease,
  LeaseEntry,
  LeaseStanding,
  LeaseState,
  Taking,
} from '@rollcall/core/directory';
import type { Claims } from '../claims/claims.ts';
import { recordOf } from '../claims/record-of.ts';
import type { Reply } from '../contact/asker.ts';
import type { LivingInstances } from '../fleet/living-instances.ts';
import { giveUpLease } from '../scripts/give-up-lease.ts';
import { noteRecord } from '../scripts/note-record.ts';
import { takeLease } from '../scripts/take-lease.ts';
import type { Shared } from '../shared.ts';
import { HeldConnection } from '../state/held-connection.ts';
import { readClaim } from '../wire/claim.ts';
import { shortId } from '../wire/short-id.ts';
import { beganAtMs } from './began-at.ts';
import { heldLease, takenOn, type FoundLease } from './held-lease.ts';
import type { LifeSigns } from './life-signs.ts';
import type { Stray, Strays } from './strays.ts';
import { isUnconfirmed } from './unconfirmed.ts';

/** How much of the time that a device waits may be used to find out which instances are alive. */
const livingWithinMs = 20;
/** How long the ending of a silent device waits for an answer. The device does not wait for it, and may be heard elsewhere. */
const silenceWaitMs = 2_000;

export interface LeasesOptions {
  readonly shared: Shared;
  readonly claims: Claims;
  readonly signs: LifeSigns;
  readonly strays: Strays;
  readonly living: LivingInstances;
  /** How long a device waits for an answer. */
  readonly deviceWaitMs: number;
  doubt(bucket: number): void;
  fenced(instance: string): void;
  /** The incarnation whose journal this one continues, as a short id; '' none. */
  earlier(): string;
}

/** Leases: a device has one in the whole fleet. */
export class Leases implements DirectoryLeases {
  readonly #options: LeasesOptions;
  /** Of the incarnation before, which was declared dead: who has them in the engine, as a short id; '': it never had them. */
  #heldBefore = new Map<ConnectionId, string>();

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** This incarnation was declared dead. To be called while its connections are still in the book. */
  startAnew(neverKnown: readonly ConnectionId[]): void {
    const { book, self } = this.#options.shared;
    const never = new Set(neverKnown);
    this.#heldBefore = new Map(
      [...book.all()].flatMap(({ noted, event: { connectionId } }) =>
        noted ? [[connectionId, never.has(connectionId) ? '' : self.short]] : [],
      ),
    );
  }

  async enter(entry: LeaseEntry): Promise<LeaseStanding> {
    const { shared, claims } = this.#options;
    const { book, asker, self, context, tallies, time } = shared;
    const held = new HeldConnection(entry, { state: entry.state, at: context.clock.monotonic() });
    held.from = this.#holderBefore(entry);
    this.#heldBefore.delete(entry.event.connectionId);
    held.claimedAtMs = beganAtMs(entry.event, self.identity, context.clock.now(), time.now());
    tallies.claims += 1;
    book.add(held);
    if (!asker.canAsk) return { status: claims.notAsked(held) };
    const me = self.short;
    held.isEntering = true;
    const reply = await claims.claim(held, 'lease', (late) => this.#enteredLate(held, late, me));
    held.isEntering = false;
    const [code, claim, record] = partsOf(reply);
    if (code === 4) return this.#elsewhere(held, claim, record);
    if (code === 5) return this.#movedHere(held, claim, record);
    if (code === 3) {
      book.remove(held);
      return { status: 'ended' };
    }
    return { status: claims.settle(held, reply, me) === 'held' ? 'held' : 'unknown' };
  }

  /** As a short id; '': the lease is new to the engine. */
  #holderBefore({ event: { adapter, connectionId } }: LeaseEntry): string {
    const { shared, earlier } = this.#options;
    if (adapter.instance === shared.self.identity.instance) return '';
    return this.#heldBefore.get(connectionId) ?? (earlier() === '' ? shortId(adapter.instance) : earlier());
  }

  report: DirectoryLeases['report'] = (lease, sign) => this.#options.signs.report(lease, sign);

  take(lease: HeldLease): Promise<Taking> {
    return this.#take(lease, '');
  }

  /** @param isGone '1': its holder gives no signs of life. */
  async #take(lease: HeldLease, isGone: '1' | ''): Promise<Taking> {
    const { asker, self, keys, context, time, book, tallies } = this.#options.shared;
    if (!asker.canAsk) return { status: 'unknown' };
    const asked = { lease, epoch: lease.event.epoch, claimedAtMs: 0 };
    const held = takenOn(asked, context.clock.monotonic());
    const { bucket, deviceName, field, shortId: connection } = held;
    const stray: Stray = { connection, deviceName, field, bucket };
    const me = self.short;
    const from = shortId(lease.instance);
    const owedBy = keys.owedBy(bucket);
    const reply = await asker.askInTime(
      takeLease,
      [
        keys.devices(bucket) + deviceName,
        owedBy + me,
        keys.fenced(bucket),
        keys.heard(bucket),
        keys.told(bucket, from),
      ],
      [field, me, connection, from, keys.channels, owedBy, isGone],
      (late) => {
        if (partsOf(late)[0] === 1) this.#options.strays.add(stray);
      },
    );
    const [code, record, epoch] = partsOf(reply);
    const engineMs = time.now();
    if (code === 2) this.#options.fenced(me);
    if (code === 0) return { status: 'gone' };
    if (code !== 1 || typeof epoch !== 'string' || engineMs === undefined) return { status: 'unknown' };
    const claim = `1${epoch}${me} ${connection}`;
    const newest = heldLease(claim, record, self.identity, engineMs) ?? {
      ...asked,
      lease: { ...lease, instance: self.identity.instance },
    };
    const before = { ...newest.lease, instance: lease.instance };
    book.add(takenOn({ ...newest, lease: before, epoch }, context.clock.monotonic()));
    tallies.leases_moved_here += 1;
    return { status: 'taken', lease: newest.lease };
  }

  isUnconfirmed(lease: Pick<HeldLease, 'event' | 'instance'>): Promise<boolean> {
    const { shared, deviceWaitMs } = this.#options;
    return Promise.race([
      isUnconfirmed(lease, shared),
      sleep(shared.context.clock, deviceWaitMs).then(() => true),
    ]);
  }

  async giveUp(entry: LeaseEntry, quietMs: number): Promise<GivingUp> {
    const { book, asker, keys, self, context } = this.#options.shared;
    const held = book.get(entry.event.connectionId);
    if (!held) return { status: 'gone' };
    if (!asker.canAsk) return { status: 'unknown' };
    const { bucket, deviceName, field, shortId: connection } = held;
    const question = [
      giveUpLease,
      [keys.devices(bucket) + deviceName, keys.heard(bucket), keys.ended(bucket) + connection],
      [field, self.short, connection, String(Math.round(quietMs))],
    ] as const;
    // The lease goes on: its slot must be claimed again.
    const late = (): void => this.#options.doubt(bucket);
    const reply =
      quietMs === 0
        ? await asker.askInTime(...question, late)
        : await Promise.race([asker.ask(...question), sleep(context.clock, silenceWaitMs)]);
    if (!reply) late();
    const [code, detail] = partsOf(reply ?? { status: 'none' });
    if (code === 1) return { status: 'given-up' };
    if (code === 2) return { status: 'heard', agoMs: Number(detail) };
    if (code !== 0) return { status: 'unknown' };
    this.#gone(held, detail);
    return { status: 'gone' };
  }

  note(connection: ConnectionId, state: LeaseState): void {
    const { book, context } = this.#options.shared;
    const held = book.get(connection);
    if (!held?.noted) return;
    held.noted = { state, at: context.clock.monotonic() };
    book.markLease(held);
  }

  /** Sends the changed states to the engine. To be called once a second. */
  async tellNoted(): Promise<void> {
    const { asker, book, keys, self, time, context } = this.#options.shared;
    if (!asker.canAsk) return;
    for (const held of book.takeChangedLeases()) {
      const reply = await asker.ask(
        noteRecord,
        [keys.owedBy(held.bucket) + self.short, keys.fenced(held.bucket)],
        [self.short, held.shortId, recordOf(held, time, context.clock)],
      );
      if (reply.status === 'none' || !asker.canAsk) return;
    }
  }

  /** Another instance has the lease, unless that instance is gone. */
  async #elsewhere(held: HeldConnection, claim: unknown, record: unknown): Promise<LeaseStanding> {
    const { shared, living, claims } = this.#options;
    const { self, book, context } = shared;
    const found = this.#foundFor(held, claim, record);
    if (!found) return { status: claims.notAsked(held) };
    const { lease } = found;
    if (lease.instance === self.identity.instance && !book.get(lease.event.connectionId))
      return this.#takenOn(found);
    const alive = await Promise.race([living.get(), sleep(context.clock, livingWithinMs)]);
    if (!alive || alive.has(shortId(lease.instance))) return { status: 'elsewhere', lease };
    const taken = await this.#take(lease, '1');
    return taken.status === 'taken'
      ? { status: 'moved-here', lease: taken.lease }
      : { status: 'elsewhere', lease };
  }

  #movedHere(held: HeldConnection, claim: unknown, record: unknown): LeaseStanding {
    const found = this.#foundFor(held, claim, record);
    return found ? this.#takenOn(found) : { status: this.#options.claims.notAsked(held) };
  }

  /** The lease that replaces the entered one, which leaves the book. `undefined`: what stands there is not a lease. */
  #foundFor(held: HeldConnection, claim: unknown, record: unknown): ReturnType<typeof heldLease> {
    const { time, self, book, context, foreign } = this.#options.shared;
    const found = heldLease(claim, record, self.identity, time.now() ?? context.clock.now());
    if (found) book.remove(held);
    else foreign.found('record', record);
    return found;
  }

  #takenOn(found: FoundLease): LeaseStanding {
    const { lease } = found;
    const { shared, strays } = this.#options;
    const { book, context, tallies } = shared;
    strays.remove(shortId(lease.event.connectionId));
    book.add(takenOn(found, context.clock.monotonic()));
    tallies.leases_moved_here += 1;
    return { status: 'moved-here', lease };
  }

  /** The answer came late: the device is already served with the entered lease. */
  #enteredLate(held: HeldConnection, late: Reply, me: string): void {
    const { shared, claims, strays, doubt } = this.#options;
    const [code, claimText] = partsOf(late);
    const claim = code === 4 || code === 5 ? readClaim(claimText) : undefined;
    if (!claim) {
      claims.settle(held, late, me);
      return;
    }
    if (code === 4) {
      this.#gone(held, claimText);
      return;
    }
    const { deviceName, field, bucket } = held;
    const connection = shortId(claim.connection);
    if (me === shared.self.short) strays.add({ connection, deviceName, field, bucket });
    doubt(bucket);
  }

  /** Another instance has its slot, or published its ending. */
  #gone(held: HeldConnection, claimText: unknown): void {
    const { claims } = this.#options;
    const claim = readClaim(claimText);
    const connection = claim?.connection as ConnectionId | undefined;
    if (!claim || connection === undefined) claims.endedElsewhere(held);
    else if (connection === held.event.connectionId) claims.movedAway(held, claim);
    else claims.displaced(held, { device: held.event.device, connection, instance: claim.instance });
  }
}

function partsOf(reply: Reply): readonly unknown[] {
  return reply.status === 'answer' && Array.isArray(reply.value) ? (reply.value as readonly unknown[]) : [];
}

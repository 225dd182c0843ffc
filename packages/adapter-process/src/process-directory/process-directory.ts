import type { ConnectionId, DeviceRef, Instant, TenantId } from '@rollcall/core';
import { later, within } from '@rollcall/core/environment';
import type { ConnectedEvent, DisconnectedEvent } from '@rollcall/core/events';
import {
  OwnEntries,
  type ConnectionDirectory,
  type DirectoryContext,
  type DirectoryEntry,
  type DirectoryLeases,
  type DirectoryPlace,
  type DirectoryStanding,
  type DirectoryStatus,
  type FleetSight,
  type UntoldEndings,
  type Succession,
} from '@rollcall/core/directory';
import type { Channel, FleetView, SignOfLife, Told, ToParent, ToProcess } from './calls.ts';
import { Link } from './link.ts';
import { ProcessLeases } from './process-leases.ts';

const answerWithinMs = 50;
const signOfLifeEveryMs = 500;
/** Without an answer for so long, nobody waits for one any more. */
const awayAfterMs = 1_000;
const closeWithinMs = 1_000;

/** The directory of one of several processes of an adapter on one machine: their parent holds it. */
export async function joinProcesses(
  channel: Channel<ToParent, ToProcess>,
  context: DirectoryContext,
): Promise<ConnectionDirectory> {
  const directory = new ProcessDirectory(channel, context);
  await directory.join();
  return directory;
}

class ProcessDirectory implements ConnectionDirectory {
  readonly #context: DirectoryContext;
  readonly #link: Link;
  readonly #own = new OwnEntries();
  /** Of what is entered: what the parent has confirmed. */
  readonly #known = new Set<ConnectionId>();
  /** Left while it was not known whether this incarnation was declared dead, and not confirmed. */
  readonly #leftInDoubt = new Set<ConnectionId>();
  readonly #elsewhere = new Map<TenantId, number>();
  readonly #counts = { answers_late: 0 };
  readonly leases: DirectoryLeases;
  #instance: string;
  #sight: FleetSight | undefined;
  #answeredAt: Instant;
  /** When its own timers rang last: a late one means that this process stood still. */
  #beatAt: Instant;
  /** A sign of life that was given since then must be answered first. */
  #doubtedAt: Instant | undefined;
  #isRenewing = false;
  #disarm = (): void => {};
  #closing: Promise<void> | undefined;

  constructor(channel: Channel<ToParent, ToProcess>, context: DirectoryContext) {
    this.#context = context;
    this.#instance = context.self.instance;
    this.#beatAt = this.#answeredAt = context.clock.monotonic();
    this.#link = new Link(channel, (told) => this.#told(told));
    this.leases = new ProcessLeases({
      link: this.#link,
      own: this.#own,
      clock: context.clock,
      listener: context.listener,
      isAway: () => this.#isAway(),
      isBuried: (entry) => this.#own.get(entry.event.connectionId) !== entry,
      known: (connection) => void this.#known.add(connection),
    });
  }

  async join(): Promise<void> {
    await within(this.#join(), 2_000, this.#context.clock);
    this.#beatLater();
  }

  get alive(): boolean {
    if (this.#doubtedAt !== undefined) return false;
    const { clock, deadAfterMs } = this.#context;
    return clock.monotonic() - this.#beatAt <= deadAfterMs / 2;
  }

  get status(): DirectoryStatus {
    return this.#isAway() ? 'away' : 'in-touch';
  }

  get sight(): FleetSight | undefined {
    return this.#isAway() ? undefined : this.#sight;
  }

  async enter(entry: DirectoryEntry): Promise<DirectoryStanding> {
    const { listener, clock } = this.#context;
    const { event, slot } = entry;
    const { device, connectionId: connection } = event;
    const before = this.#own.add(entry);
    if (before)
      listener.displaced(before.event.connectionId, { device, connection, instance: this.#instance });
    const isAway = this.#isAway();
    // An entry may be more than the directory needs to know: all that is known of a connected device.
    const sent = { event, ...(slot !== undefined && { slot }) };
    const standing = this.#link.ask('enter', { entry: sent, at: clock.now() }).then(
      ({ standing: answered, displaced }) => {
        if (this.#own.get(connection) === entry) this.#known.add(connection);
        this.#leftInDoubt.delete(connection);
        if (displaced !== undefined) listener.epochSeen(displaced, 'claim', connection);
        return answered;
      },
      () => 'unknown' as const,
    );
    if (isAway) return 'unknown';
    return (await within(standing, answerWithinMs, clock)) ?? this.#late();
  }

  leave(
    { event: { connectionId: connection } }: DirectoryEntry,
    ending?: DisconnectedEvent,
  ): Promise<void> | undefined {
    const entered = this.#own.get(connection);
    if (!entered) return undefined;
    this.#own.delete(entered);
    const wasKnown = this.#known.delete(connection);
    if (!wasKnown && !this.alive) this.#leftInDoubt.add(connection);
    const { event, slot } = entered;
    const lease = 'state' in entered && slot !== undefined && { device: event.device, slot };
    const left = this.#link
      .ask('leave', { connection, ...(lease && { lease }), ...(ending && { ending }) })
      .catch(() => null);
    if (this.#isAway()) return undefined;
    return within(left, answerWithinMs, this.#context.clock).then(() => {});
  }

  holderHere(device: DeviceRef, slot: string): ConnectionId | undefined {
    return this.#own.holderOf(device, slot)?.event.connectionId;
  }

  async isHeld(_kind: 'session' | 'lease', device: DeviceRef, slot: string): Promise<boolean> {
    if (this.#isAway()) return false;
    const asked = this.#link.ask('isHeld', { device, slot }).catch(() => false);
    return (await within(asked, answerWithinMs, this.#context.clock)) ?? false;
  }

  async find(devices: readonly DeviceRef[]): Promise<readonly DirectoryPlace[]> {
    const found = this.#isAway()
      ? undefined
      : await within(this.#link.ask('find', devices), awayAfterMs, this.#context.clock);
    if (!found) throw new Error('the parent does not answer');
    return found;
  }

  elsewhere(tenant: TenantId): number {
    return this.#isAway() ? 0 : (this.#elsewhere.get(tenant) ?? 0);
  }

  async succeed(earlier: string): Promise<Succession> {
    const unknown = { whose: 'unknown' } as const;
    const asked = this.#link.ask('succeed', earlier).catch(() => unknown);
    return (await within(asked, closeWithinMs, this.#context.clock)) ?? unknown;
  }

  async untoldOf(
    earlier: string,
    of: readonly Pick<ConnectedEvent, 'connectionId'>[],
  ): Promise<UntoldEndings | undefined> {
    const connections = of.map(({ connectionId }) => connectionId);
    const asked = this.#link.ask('untold', { earlier, connections }).catch(() => null);
    const untold = await within(asked, closeWithinMs, this.#context.clock);
    return untold ? { ...untold, connections: new Set(untold.connections) } : undefined;
  }

  settled(earlier: string): void {
    this.#link.tell('settled', earlier);
  }

  counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  close(): Promise<void> {
    this.#disarm();
    return (this.#closing ??= within(
      this.#link.ask('close', null).catch(() => null),
      closeWithinMs,
      this.#context.clock,
    ).then(() => {}));
  }

  #late(): 'unknown' {
    this.#counts.answers_late += 1;
    return 'unknown';
  }

  #isAway(): boolean {
    return this.#context.clock.monotonic() - this.#answeredAt > awayAfterMs + signOfLifeEveryMs;
  }

  #sign(): SignOfLife {
    const { facts } = this.#context;
    const unconfirmedSince = facts.unconfirmedSince();
    return { epoch: facts.epoch(), ...(unconfirmedSince !== undefined && { unconfirmedSince }) };
  }

  async #join(): Promise<void> {
    const { self, deadAfterMs, clock } = this.#context;
    const askedAt = clock.monotonic();
    const identity = { ...self, instance: this.#instance };
    this.#see(await this.#link.ask('join', { identity, deadAfterMs, ...this.#sign() }), askedAt);
  }

  #beatLater(): void {
    const { clock } = this.#context;
    this.#disarm = clock.at(later(clock.monotonic(), signOfLifeEveryMs), () => {
      const now = clock.monotonic();
      if (now - this.#beatAt > this.#context.deadAfterMs / 2) this.#doubtedAt = now;
      this.#beatAt = now;
      this.#renew(now);
      this.#beatLater();
    });
  }

  /** One at a time. */
  #renew(now: Instant): void {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    this.#link
      .ask('renew', this.#sign())
      .then(
        (view) => this.#see(view, now),
        () => {},
      )
      .finally(() => (this.#isRenewing = false));
  }

  #see({ instances, furthest, elsewhere }: FleetView, askedAt: Instant): void {
    const { clock, listener } = this.#context;
    this.#answeredAt = clock.monotonic();
    this.#sight = { instances, answerMs: this.#answeredAt - askedAt };
    for (const [tenant, count] of elsewhere)
      if (count > 0) this.#elsewhere.set(tenant, count);
      else this.#elsewhere.delete(tenant);
    if (furthest !== undefined) listener.epochSeen(furthest, 'fleet');
    if (this.#doubtedAt === undefined || askedAt < this.#doubtedAt) return;
    this.#doubtedAt = undefined;
    this.#leftInDoubt.clear();
    listener.aliveAgain();
  }

  #told(told: Told): void {
    const { listener } = this.#context;
    switch (told.what) {
      case 'displaced': {
        const entry = this.#own.get(told.connection);
        if (entry && this.#own.displace(entry)) listener.displaced(told.connection, told.by);
        return;
      }
      case 'buried':
        if (told.instance === this.#instance) this.#goOnAsAnother();
        return;
      case 'heard':
        listener.leases.heardElsewhere([[told.connection, told.sign]]);
        return;
      case 'moved-away':
        this.#forget(told.connection);
        listener.leases.movedAway(told.connection, told.to);
        return;
      case 'ended-elsewhere':
        this.#forget(told.connection);
        listener.leases.endedElsewhere(told.connection);
        return;
      default: // Of undertakers.
    }
  }

  #forget(connection: ConnectionId): void {
    const entry = this.#own.get(connection);
    if (entry) this.#own.delete(entry);
    this.#known.delete(connection);
  }

  #goOnAsAnother(): void {
    const { listener } = this.#context;
    const entered = [...this.#own.all()].map(({ event }) => event.connectionId);
    const neverKnown = [
      ...entered.filter((connection) => !this.#known.has(connection)),
      ...this.#leftInDoubt,
    ];
    this.#known.clear();
    this.#leftInDoubt.clear();
    this.#own.clear();
    this.#elsewhere.clear();
    this.#instance = listener.buried(neverKnown);
    this.#doubtedAt = undefined;
    this.#join().catch(() => {});
  }
}

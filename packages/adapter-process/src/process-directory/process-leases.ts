import type { ConnectionId, Instant } from '@rollcall/core';
import { later, within, type Clock } from '@rollcall/core/environment';
import type {
  DirectoryEntry,
  DirectoryLeases,
  DirectoryListener,
  GivingUp,
  HeldLease,
  LeaseEntry,
  LeaseStanding,
  LeaseState,
  LifeSign,
  OwnEntries,
  ReportOutcome,
  Taking,
} from '@rollcall/core/directory';
import type { Link } from './link.ts';

const answerWithinMs = 50;
/** How long the ending of a silent device waits for an answer. The device does not wait for it, and may be heard elsewhere. */
const silenceWaitMs = 2_000;
const reportEveryMs = 1_000;
/** Leases of others that were reported lately, at most: the oldest is forgotten. */
const maxReported = 100_000;

interface Around {
  readonly link: Link;
  readonly own: OwnEntries;
  readonly clock: Clock;
  readonly listener: DirectoryListener;
  isAway(): boolean;
  /** Or left. */
  isBuried(entry: DirectoryEntry): boolean;
  known(connection: ConnectionId): void;
}

interface Waiting {
  sign: LifeSign;
  readonly outcome: PromiseWithResolvers<ReportOutcome>;
}

const unknown = { status: 'unknown' } as const;

/** The leases of one of several processes. */
export class ProcessLeases implements DirectoryLeases {
  readonly #around: Around;
  /** When a lease was last reported from here. */
  readonly #reported = new Map<ConnectionId, Instant>();
  readonly #waiting = new Map<ConnectionId, Waiting>();

  constructor(around: Around) {
    this.#around = around;
  }

  async enter(entry: LeaseEntry): Promise<LeaseStanding> {
    const { own, link, clock, isAway } = this.#around;
    own.add(entry);
    let isLate = isAway();
    const answered = link.ask('enterLease', entry).then(
      (standing) => {
        if (isLate) this.#late(entry, standing);
        else this.#stand(entry, standing);
        return standing;
      },
      () => unknown,
    );
    if (isLate) return unknown;
    const standing = await within(answered, answerWithinMs, clock);
    isLate = standing === undefined;
    return standing ?? unknown;
  }

  report(lease: HeldLease, sign: LifeSign): Promise<ReportOutcome> {
    const { connectionId } = lease.event;
    const { clock } = this.#around;
    const waiting = this.#waiting.get(connectionId);
    if (waiting && sign.kind !== 'goodbye') {
      waiting.sign = sign;
      return waiting.outcome.promise;
    }
    const before = this.#reported.get(connectionId);
    if (before === undefined || clock.monotonic() - before >= reportEveryMs || sign.kind === 'goodbye')
      return this.#tell(lease, sign);
    const outcome = Promise.withResolvers<ReportOutcome>();
    const added: Waiting = { sign, outcome };
    this.#waiting.set(connectionId, added);
    const askedAt = clock.monotonic();
    clock.at(later(before, reportEveryMs), () => {
      this.#waiting.delete(connectionId);
      const sinceMs = clock.monotonic() - askedAt;
      void this.#tell(lease, { ...added.sign, ageMs: added.sign.ageMs + sinceMs }).then(outcome.resolve);
    });
    return outcome.promise;
  }

  async take(lease: HeldLease): Promise<Taking> {
    const { link, own, known } = this.#around;
    return this.#answer<Taking>(() =>
      link.ask('take', lease).then((taking) => {
        if (taking.status === 'taken') {
          own.add(entryOf(taking.lease));
          known(lease.event.connectionId);
        }
        return taking;
      }),
    );
  }

  async isUnconfirmed({ event, instance }: Pick<HeldLease, 'event' | 'instance'>): Promise<boolean> {
    const { link, clock, isAway } = this.#around;
    if (isAway()) return true;
    const asked = link.ask('isUnconfirmed', { epoch: event.epoch, instance }).catch(() => true);
    return (await within(asked, answerWithinMs, clock)) ?? true;
  }

  giveUp({ event, slot }: LeaseEntry, quietMs: number): Promise<GivingUp> {
    const { connectionId: connection, device } = event;
    return this.#answer<GivingUp>(
      () => this.#around.link.ask('giveUp', { connection, lease: { device, slot }, quietMs }),
      quietMs === 0 ? answerWithinMs : silenceWaitMs,
    );
  }

  note(connection: ConnectionId, state: LeaseState): void {
    const { own, isAway } = this.#around;
    if (own.get(connection) && !isAway()) this.#around.link.tell('note', { connection, state });
  }

  async #answer<Value extends { readonly status: string }>(
    ask: () => Promise<Value>,
    withinMs = answerWithinMs,
  ): Promise<Value | typeof unknown> {
    const { clock, isAway } = this.#around;
    // What waits for an answer does not grow while none comes.
    if (isAway()) return unknown;
    return (
      (await within(
        ask().catch(() => unknown),
        withinMs,
        clock,
      )) ?? unknown
    );
  }

  #tell(lease: HeldLease, sign: LifeSign): Promise<ReportOutcome> {
    const { connectionId } = lease.event;
    this.#reported.delete(connectionId);
    this.#reported.set(connectionId, this.#around.clock.monotonic());
    if (this.#reported.size > maxReported)
      for (const oldest of this.#reported.keys()) {
        this.#reported.delete(oldest);
        break;
      }
    return this.#answer<ReportOutcome>(() => this.#around.link.ask('report', { lease, sign }));
  }

  /** The answer came in time: nothing of the lease is published yet. */
  #stand(entry: LeaseEntry, standing: LeaseStanding): void {
    const { own, known } = this.#around;
    if (standing.status === 'held') known(entry.event.connectionId);
    else own.delete(entry);
    if (standing.status !== 'moved-here') return;
    own.add(entryOf(standing.lease));
    known(standing.lease.event.connectionId);
  }

  /** The lease is served, and published, by now. */
  #late(entry: LeaseEntry, standing: LeaseStanding): void {
    const { own, listener, link, known, isBuried } = this.#around;
    const { connectionId: connection } = entry.event;
    if (isBuried(entry)) return;
    switch (standing.status) {
      case 'held':
        known(connection);
        return;
      case 'ended':
        own.delete(entry);
        listener.leases.endedElsewhere(connection);
        return;
      case 'moved-here':
        known(connection);
        link.tell('keepLease', { entry, moved: standing.lease });
        return;
      case 'elsewhere': {
        const { event, instance } = standing.lease;
        const by = { device: event.device, connection: event.connectionId, instance };
        if (event.connectionId !== connection) {
          if (own.displace(entry)) listener.displaced(connection, by);
          return;
        }
        own.delete(entry);
        listener.leases.movedAway(connection, by);
        return;
      }
      case 'unknown':
    }
  }
}

function entryOf({ event, slot, state }: HeldLease): LeaseEntry {
  return { event, slot, state };
}

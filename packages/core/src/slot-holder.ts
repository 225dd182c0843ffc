import type { Clock } from './clock.ts';
import type { AdapterIdentity, ConnectedEvent, DisconnectedEvent } from './connection-event.ts';
import type { DirectoryEntry } from './connection-directory.ts';
import type { HeldLease, LeaseEntry, LeaseState } from './directory-leases.ts';
import type { OwedEnding, OwedLease } from './undertaker.ts';
import {
  deviceKey,
  type ConnectionId,
  type DeviceRef,
  type Epoch,
  type Instant,
  type Timestamp,
} from './ids.ts';

/** What an instance has open, as a directory in memory knows it. */
export interface OpenAtInstance {
  readonly entry: DirectoryEntry;
  readonly key: string | undefined;
  /** Of a dead instance: how it ended, from when that may be told on. Nobody goes on with it, and whoever tells it tells the same. */
  decided?: OwedEnding;
  /** How its lease stood when another connection took its slot. */
  displacedLease?: OwedLease;
}

/** How late at most another instance reports that it heard a device. */
export const reportedWithinMs = 1_000;

/** Who holds a slot, or a lease, as a directory in memory knows it. */
export interface SlotHolder {
  readonly connection: ConnectionId;
  readonly epoch: Epoch;
  readonly entry: DirectoryEntry;
  instance: string;
  /** Of a lease. */
  lease?: LeaseNotes;
}

interface LeaseNotes {
  /** Of one that is in the directory since it began. */
  readonly beganAt?: Instant;
  state: LeaseState;
  notedAt: Instant;
  /** When another instance reported last. */
  reportedAt?: Instant;
}

/** An instance that the others declared dead. */
export interface DeclaredDeath {
  readonly identity: AdapterIdentity;
  readonly aliveAt: Timestamp;
  readonly declaredAt: Timestamp;
  /** The next incarnation, which tells the endings; absent: undertakers do. */
  readonly successor?: string;
  /** Of its `connected` events from this one on, a sink may lack some. */
  readonly unconfirmedSince: Epoch | undefined;
}

/** What only one connection of a device holds, among all adapters of a type; `undefined`: this one holds nothing. */
export function slotKey(type: string, device: DeviceRef, slot: string | undefined): string | undefined {
  return slot === undefined ? undefined : `${type}\n${deviceKey(device)}\n${slot}`;
}

/**
 * @param now on the monotonic clock.
 * @param before who had the slot, if anybody did.
 */
export function holderWith(
  instance: string,
  entry: DirectoryEntry,
  {
    epoch,
    now,
    before,
  }: { readonly epoch: Epoch; readonly now: Instant; readonly before?: SlotHolder | undefined },
): SlotHolder {
  const { connectionId: connection, adapter } = entry.event;
  const isNew = before?.connection !== connection && adapter.instance === instance;
  const beganAt = isNew ? now : before?.lease?.beganAt;
  return {
    connection,
    epoch,
    entry,
    instance,
    ...(isLease(entry) && {
      lease: { state: entry.state, notedAt: now, ...(beganAt !== undefined && { beganAt }) },
    }),
  };
}

/** What a holder noted of its lease, and what has passed since. @param now on the monotonic clock */
export function leaseHeldBy({ entry, instance, lease }: SlotHolder, now: Instant): HeldLease {
  const state = lease?.state ?? { basis: entry.event.basis as LeaseState['basis'], silentMs: 0, leftMs: 0 };
  const sinceMs = lease ? now - lease.notedAt : 0;
  return {
    event: entry.event,
    slot: entry.slot ?? '',
    state: { ...state, silentMs: state.silentMs + sinceMs, leftMs: state.leftMs - sinceMs },
    instance,
    ...(lease?.beganAt !== undefined && { connectedAgoMs: now - lease.beganAt }),
  };
}

/** Another connection takes the slot of this one: what was noted of its lease says more of its end than what it began with. */
export function noteDisplaced(open: OpenAtInstance | undefined, holder: SlotHolder, clock: Clock): void {
  if (open && holder.lease) open.displacedLease = owedLease(holder, holder.lease, clock);
}

function owedLease(holder: SlotHolder, { notedAt, state }: LeaseNotes, clock: Clock): OwedLease {
  const now = clock.monotonic();
  const held = leaseHeldBy(holder, now);
  const heardAt = Math.round(clock.now() - (now - notedAt) - state.silentMs) as Timestamp;
  return { slot: held.slot, state: held.state, heardAt };
}

/** Whether a sink may lack this event. @param since see {@link DeclaredDeath.unconfirmedSince} */
export function isUnconfirmed({ epoch }: Pick<ConnectedEvent, 'epoch'>, since: Epoch | undefined): boolean {
  return since !== undefined && epoch >= since;
}

/** The same of an ending that an instance noted when it left. */
export function isEndingUnconfirmed(
  { endedEpoch }: Pick<DisconnectedEvent, 'endedEpoch'>,
  since: Epoch | undefined,
): boolean {
  return endedEpoch === undefined || isUnconfirmed({ epoch: endedEpoch }, since);
}

export function isLease(entry: DirectoryEntry): entry is LeaseEntry {
  return 'state' in entry;
}

/**
 * Why a connection ended that a dead instance left open. Its successor reports sessions as lost, and may have done so for this one
 * before it died, too: the others must report the same event.
 *
 * @param isDisplaced another connection has its slot.
 */
function endingOfDead(
  { basis }: Pick<ConnectedEvent, 'basis'>,
  { successor }: Pick<DeclaredDeath, 'successor'>,
  isDisplaced: boolean,
): 'taken-over' | 'adapter-lost' {
  const wasReported = successor !== undefined && basis.kind === 'session';
  return isDisplaced && !wasReported ? 'taken-over' : 'adapter-lost';
}

/**
 * What is owed of a connection that a dead instance left open. It is decided once; but a lease may go on elsewhere until it has run out,
 * as known when its holder last lived. If others heard its device since, it runs out an interval after that: the next request moves it.
 *
 * @param holder who has its slot.
 */
export function owedOf(
  open: OpenAtInstance,
  holder: SlotHolder | undefined,
  death: DeclaredDeath,
  clock: Clock,
): OwedEnding {
  if (open.decided) return open.decided;
  const { event } = open.entry;
  const isHolder = holder?.connection === event.connectionId;
  const notes = isHolder ? holder.lease : undefined;
  const isDisplaced = holder !== undefined && !isHolder;
  const lease = isDisplaced ? open.displacedLease : holder && notes && leaseLeftBy(holder, notes, clock);
  const owed: OwedEnding = {
    event,
    unconfirmed: isUnconfirmed(event, death.unconfirmedSince),
    reason: endingOfDead(event, death, isDisplaced),
    ...(lease && { lease }),
  };
  if (isDisplaced || !owed.lease || hasRunOut(owed.lease.state, clock.now() - death.aliveAt))
    open.decided = owed;
  return owed;
}

function leaseLeftBy(holder: SlotHolder, notes: LeaseNotes, clock: Clock): OwedLease {
  const owed = owedLease(holder, notes, clock);
  return { ...owed, state: { ...owed.state, leftMs: leftMs(notes, clock.monotonic()) } };
}

/** Whether a lease that a dead instance left open may still go on elsewhere. @param now on the monotonic clock */
export function hasTimeLeft(
  { entry, decided }: OpenAtInstance,
  holder: SlotHolder | undefined,
  now: Instant,
): boolean {
  if (decided || !holder?.lease || holder.connection !== entry.event.connectionId) return false;
  return leftMs(holder.lease, now) > 0;
}

/** How long it may still go on: others may have heard its device after the holder's last note. */
function leftMs({ state, notedAt, reportedAt }: LeaseNotes, now: Instant): number {
  const noted = state.leftMs - (now - notedAt);
  if (reportedAt === undefined) return noted;
  return Math.max(noted, reportedAt + state.basis.intervalMs + reportedWithinMs - now);
}

function hasRunOut({ basis, leftMs: left }: LeaseState, sinceAliveMs: number): boolean {
  return left <= 0 && sinceAliveMs >= (basis.detectWithinMs ?? basis.intervalMs);
}

/** The next incarnation after a dead one, and the one after that, in order. The last one may live. */
export function heirsOf(dead: string, deaths: ReadonlyMap<string, DeclaredDeath>): readonly string[] {
  const heirs: string[] = [];
  for (let heir = deaths.get(dead)?.successor; heir !== undefined && !heirs.includes(heir);) {
    heirs.push(heir);
    heir = deaths.get(heir)?.successor;
  }
  return heirs;
}

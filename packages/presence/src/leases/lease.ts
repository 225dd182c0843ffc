import type { Instant } from '@rollcall/core';
import { later } from '@rollcall/core/environment';
import type { DisconnectedChange } from '@rollcall/core/tracker';
import type { LeaseState, LifeSign } from '@rollcall/core/directory';
import type { LeaseBasis } from '@rollcall/core/internal';
import { arrivalOf, type Arrival } from './arrival.ts';
import { cameBack } from './closing-habit.ts';
import { leaseInterval, type LeaseSettings, type LeaseTerms } from './lease-interval.ts';
import { planProbe } from './probe-plan.ts';
import { deaf, heard, type Rhythm } from './rhythm.ts';

/** A lease that is held: the state of the tracker of a protocol without connections. */
export interface Lease {
  readonly rhythm: Rhythm;
  readonly basis: LeaseBasis;
  readonly lastSeen: Instant;
  /** When the latest sign of the device was read; absent: with `lastSeen`. */
  readonly readAt?: Instant;
  readonly until: Instant;
  /** Requests that wait for their answer: it does not run out while one does. */
  readonly openRequests: number;
  /** Until when the device waits for a command at most, as it said: the lease counts from the answer. Absent: it does not. */
  readonly waitsUntil?: Instant;
  /** How much of the basis is a wait: for a command, for an answer, or for an adapter that can hear devices. Absent: nothing. */
  readonly waitMs?: number;
  /** Since when its clock stands still, if it does. */
  readonly pausedAt?: Instant;
  /** When the sign of the device was read after which a late deadline extended it; absent: none did. */
  readonly extendedAfter?: Instant;
}

/** `head`: the device sends more of it, or was lost meanwhile. `rest`: the last of it, so that it is whole now. */
export type RequestPart = 'head' | 'rest';

/** What arrived of a request. */
interface ArrivedRequest extends Partial<Arrival> {
  readonly terms: LeaseTerms;
  /** Absent: all of it. */
  readonly part?: RequestPart;
}

/** How late a deadline may come. If it comes later, the process stood still, and heard no device meanwhile. */
const onTimeMs = 1_000;
/** An answer that takes no longer is no wait. */
const promptMs = 100;

/** The lease that a request grants to a device without one; the request waits for its answer once it is whole. */
export function grantLease(request: ArrivedRequest, before: Rhythm, at: Instant): Lease {
  const { terms } = request;
  const { heardAt: lastSeen, readAt } = arrivalOf(request, at);
  const rhythm = heard(cameBack(before, at, terms.defaultMs), at);
  const waitMs = waitOf(terms, at);
  const basis = basisOf(terms, rhythm, waitMs);
  const [until, waitsUntil] = [later(at, basis.intervalMs), later(at, waitMs)];
  return { rhythm, basis, lastSeen, readAt, until, waitsUntil, waitMs, openRequests: waiting(request) };
}

/** Another request arrived, and waits for its answer once it is whole. */
export function renewOnRequest(lease: Lease, request: ArrivedRequest, at: Instant): Lease {
  const { terms, part } = request;
  // The rest of a request says nothing of how often the device sends one.
  const rhythm = part === 'rest' ? lease.rhythm : heard(lease.rhythm, at);
  const waitMs = waitOf(terms, at, lease);
  const basis = sameOr(lease.basis, basisOf(terms, rhythm, waitMs));
  const openRequests = lease.openRequests + waiting(request);
  const waitsUntil = later(at, waitMs);
  return renewed(
    { ...seen(lease, arrivalOf(request, at)), rhythm, basis, openRequests, waitsUntil, waitMs },
    at,
  );
}

/** How long the device waits for a command at most: it may send more on other ways while it waits. */
function waitOf({ ttdMs = 0 }: LeaseTerms, at: Instant, before?: Lease): number {
  const isWaiting = before?.waitsUntil !== undefined && before.openRequests > 0;
  return isWaiting ? Math.max(ttdMs, before.waitsUntil - at) : ttdMs;
}

/** A device that has more to send does not wait for us: silence in the middle of a request is silence. */
function waiting({ part }: ArrivedRequest): number {
  return part === 'head' ? 0 : 1;
}

/** The device was heard, with something that is not a request. */
export function renewOnSign(lease: Lease, at: Instant, arrival: Partial<Arrival> = {}): Lease {
  return renewed(seen(lease, arrivalOf(arrival, at)), at);
}

/**
 * Another adapter of the fleet heard the device. A sign that is older than the last one here changes nothing.
 *
 * @param settings of this adapter; `undefined`: the interval stays as it is.
 */
export function renewElsewhere(
  lease: Lease,
  sign: LifeSign,
  settings: LeaseSettings | undefined,
  at: Instant,
): Lease {
  const { kind, ttdMs, declaredMs } = sign;
  const arrival = arrivalElsewhere(sign, at);
  const { readAt } = arrival;
  if (readAt <= lastReadAt(lease)) return lease;
  const heardThere = seen(lease, arrival);
  const rhythm = kind === 'request' ? heard(lease.rhythm, readAt) : lease.rhythm;
  const terms = settings && {
    ...settings,
    ...(ttdMs !== undefined && { ttdMs }),
    ...(declaredMs !== undefined && { declaredMs }),
  };
  if (kind !== 'request' || !terms) return renewed({ ...heardThere, rhythm }, readAt);
  const basis = withProbeOf(lease, basisOf(terms, rhythm, ttdMs));
  return renewed({ ...heardThere, rhythm, basis, waitMs: ttdMs ?? 0 }, readAt);
}

/** When a sign arrived at another adapter, which needed time to report it. */
export function arrivalElsewhere({ ageMs, waitedMs = 0 }: LifeSign, at: Instant): Arrival {
  return { heardAt: later(at, -ageMs - waitedMs), readAt: later(at, -ageMs) };
}

/** When the latest sign of the device was read. */
export function lastReadAt({ lastSeen, readAt = lastSeen }: Lease): Instant {
  return readAt > lastSeen ? readAt : lastSeen;
}

/** Continues a lease with the state that another adapter knows. The later sign of the device counts. */
export function goOnWith(lease: Lease, state: LeaseState, rhythm: Rhythm, at: Instant): Lease {
  const { from } = lease.basis;
  const basis = from === 'declared' || from === 'ttd' ? lease.basis : state.basis;
  const lastSeen = latest(lease, later(at, -state.silentMs));
  const until = Math.max(lease.until, at + state.leftMs, lastSeen + basis.intervalMs) as Instant;
  return { ...lease, basis, lastSeen, until, rhythm: { ...lease.rhythm, ...rhythm } };
}

/** A lease that another adapter knows, and that this adapter does not hold any more, or not yet. */
export function leaseOf({ basis, silentMs, leftMs }: LeaseState, rhythm: Rhythm, at: Instant): Lease {
  return { rhythm, basis, lastSeen: later(at, -silentMs), until: later(at, leftMs), openRequests: 0 };
}

/** The device said goodbye: it was last seen with it, and had left by the time when that was read. */
export function leaseGivenUp(lease: Lease, { heardAt, readAt }: Arrival): DisconnectedChange {
  const lastSeen = latest(lease, heardAt);
  const endedAt = readAt > lastSeen ? readAt : lastSeen;
  return { ...leaseEnded({ ...lease, lastSeen }, 'client-closed'), endedAt };
}

/** A request was answered, or given up. */
export function renewOnAnswer(lease: Lease, at: Instant): Lease {
  return tellWait(renewed({ ...lease, openRequests: Math.max(0, lease.openRequests - 1) }, at));
}

/** The proof of a request is not valid any more: the request does not keep or renew the lease. */
export function withdrawRequest(lease: Lease, at: Instant): Lease {
  // A lease whose time is over runs out now, as soon as a deadline may.
  const soonest = later(lease.pausedAt ?? at, 1);
  const until = lease.until > soonest ? lease.until : soonest;
  return { ...lease, openRequests: Math.max(0, lease.openRequests - 1), until };
}

/** The adapter cannot hear devices: the clock stands still. */
export function pauseLease(lease: Lease, at: Instant): Lease {
  return { ...lease, pausedAt: lease.pausedAt ?? at };
}

/** The adapter can hear devices again. */
export function resumeLease(lease: Lease, at: Instant): Lease {
  const { pausedAt = at, ...running } = lease;
  // A device that calls at once must be heard first.
  const leftMs = Math.max(onTimeMs, lease.until - pausedAt);
  return tellWait({ ...running, rhythm: deaf(lease.rhythm), until: later(at, leftMs) });
}

/** When the lease may run out; `undefined` while an open request, or an adapter that cannot serve, keeps it. */
export function leaseDueAt({ openRequests, pausedAt, until }: Lease): Instant | undefined {
  return openRequests > 0 || pausedAt !== undefined ? undefined : until;
}

/**
 * The lease at its deadline: `ran-out`, or the lease, extended if the adapter could not receive requests. That is once between two signs
 * of the device: an adapter that stays late reads its sockets all the same, and would otherwise never report silence.
 *
 * @param atLeastMs how long an extension is at least: a probe takes time.
 */
export function leaseAtDeadline(lease: Lease, at: Instant, atLeastMs = 0): Lease | 'ran-out' {
  const due = leaseDueAt(lease);
  if (due === undefined || at < due) return lease;
  const lateMs = at - due;
  const extendedAfter = lastReadAt(lease);
  if (lateMs <= onTimeMs || lease.extendedAfter === extendedAfter) return 'ran-out';
  const until = later(at, Math.max(atLeastMs, Math.min(lateMs, lease.basis.intervalMs)));
  return tellWait({ ...lease, until, extendedAfter });
}

/**
 * A lease does not run while a request waits for its answer, or while the adapter can serve no one. The basis says so once it is known
 * for how long that was: the silence that may be reported is longer by that.
 */
function tellWait(lease: Lease): Lease {
  const { basis, lastSeen, until, waitsUntil: told = lastSeen } = lease;
  const waitsUntil = told > lastSeen ? told : lastSeen;
  const untoldMs = until - basis.intervalMs - waitsUntil;
  if (untoldMs <= promptMs) return lease;
  const detectWithinMs = Math.ceil((basis.detectWithinMs ?? basis.intervalMs) + untoldMs);
  const waitMs = (lease.waitMs ?? 0) + untoldMs;
  return { ...lease, basis: { ...basis, detectWithinMs }, waitsUntil: later(waitsUntil, untoldMs), waitMs };
}

/** What is published when a lease ends. */
export function leaseEnded(
  { basis, lastSeen, until }: Lease,
  reason: DisconnectedChange['reason'],
): DisconnectedChange {
  return { type: 'disconnected', basis, reason, lastSeen, until };
}

/** @param waitMs for how long the device waits for a command at most. */
function basisOf(terms: LeaseTerms, rhythm: Rhythm, waitMs = 0): LeaseBasis {
  const { intervalMs, from } = leaseInterval(terms, rhythm);
  const probe = terms.probeMs === undefined ? undefined : planProbe(intervalMs, terms.probeMs);
  // A lease counts from the answer, and a device that waits for a command gets it so much later.
  const beyondMs = (probe ? probe.durationMs - probe.leadMs : 0) + waitMs;
  return { kind: 'lease', intervalMs, from, detectWithinMs: Math.ceil(intervalMs + beyondMs) };
}

/** The basis as before where it says the same: it is kept until the next request, so a new one for each would be garbage that grew old. */
function sameOr(before: LeaseBasis, basis: LeaseBasis): LeaseBasis {
  const isSame =
    before.intervalMs === basis.intervalMs &&
    before.from === basis.from &&
    before.detectWithinMs === basis.detectWithinMs &&
    before.until === basis.until;
  return isSame ? before : basis;
}

/** Other adapters do not report whether the device is probed: that stays as it was. */
function withProbeOf({ basis: before, waitMs = 0 }: Lease, basis: LeaseBasis): LeaseBasis {
  const probeMs = (before.detectWithinMs ?? before.intervalMs) - before.intervalMs - waitMs;
  const detectWithinMs = Math.ceil((basis.detectWithinMs ?? basis.intervalMs) + Math.max(0, probeMs));
  return { ...basis, detectWithinMs };
}

/** The lease of a device of which something arrived. */
function seen(lease: Lease, { heardAt, readAt }: Arrival): Lease {
  const before = lastReadAt(lease);
  return { ...lease, lastSeen: latest(lease, heardAt), readAt: readAt > before ? readAt : before };
}

function latest({ lastSeen }: Lease, heardAt: Instant): Instant {
  return heardAt > lastSeen ? heardAt : lastSeen;
}

/** A lease of a whole interval, counted from now, or from when the adapter can serve again. */
function renewed(lease: Lease, at: Instant): Lease {
  const until = later(at, lease.basis.intervalMs);
  return { ...lease, until, ...(lease.pausedAt !== undefined && { pausedAt: at }) };
}

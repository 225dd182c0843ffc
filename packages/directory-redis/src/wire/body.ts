import type { ConnectionId, DeviceRef, Epoch, EventId, Timestamp } from '@rollcall/core';
import type { AdapterIdentity, Basis, ConnectedEvent } from '@rollcall/core/events';
import type { LeaseState } from '@rollcall/core/directory';

/** What a record says about a connection, apart from its device. */
export interface OpenConnection {
  readonly event: ConnectedEvent;
  /** When its device connected, by the engine's clock in ms. Of a session, `claimSlot` reads it. */
  readonly claimedAtMs?: number;
  /** Of a lease. */
  readonly lease?: StoredLease;
}

/** As `LeaseState`, with instants by the engine's clock in milliseconds instead of durations. */
export interface StoredLease {
  readonly slot: string;
  readonly basis: LeaseState['basis'];
  readonly heardAtMs: number;
  readonly untilMs: number;
  readonly learned?: string;
}

/** One line, without the device, which stands beside it, and without what is the same for the whole incarnation. */
export function bodyText({ event, claimedAtMs, lease }: OpenConnection): string {
  const { type: _type, id, connectionId: _named, epoch, device: _device, adapter, ...facts } = event;
  const { remoteId, at, basis, protocol, slot, remoteAddress, ...more } = facts;
  return JSON.stringify({
    // The first one: a script finds it there.
    w: lease ? undefined : claimedAtMs,
    i: id,
    e: epoch,
    r: remoteId,
    t: at,
    b: basis,
    p: protocol,
    s: slot,
    a: remoteAddress,
    // For a lease that moved: who published its `connected`.
    d: lease && [adapter.type, adapter.id, adapter.instance],
    l: lease && [
      lease.slot,
      Math.round(lease.heardAtMs),
      Math.round(lease.untilMs),
      lease.basis,
      lease.learned,
      claimedAtMs,
    ],
    m: Object.keys(more).length > 0 ? more : undefined,
  });
}

/** The reverse of {@link bodyText}; `undefined`: the text is not a body. */
export function readBody(
  text: string,
  device: DeviceRef,
  connection: ConnectionId,
  holder: AdapterIdentity,
): OpenConnection | undefined {
  const stored = parsed(text);
  if (!stored) return undefined;
  const { w, i, e, r, t, b, p, s, a, d, l, m } = stored;
  if (typeof i !== 'string' || typeof r !== 'string' || typeof p !== 'string') return undefined;
  if (typeof e !== 'string' || !/^[0-9a-f]{16}$/.test(e) || !isTime(t) || !isBasis(b)) return undefined;
  const lease = readLease(l);
  if (l !== undefined && !lease) return undefined;
  const claimedAtMs: unknown = Array.isArray(l) ? l[5] : w;
  return {
    event: {
      ...(isObject(m) && m),
      type: 'connected',
      id: i as EventId,
      connectionId: connection,
      epoch: e as Epoch,
      device,
      adapter: publisherOf(d) ?? holder,
      remoteId: r,
      at: t as Timestamp,
      basis: b,
      protocol: p,
      ...(typeof s === 'string' && { slot: s }),
      ...(typeof a === 'string' && { remoteAddress: a }),
    },
    ...(isTime(claimedAtMs) && claimedAtMs > 0 && { claimedAtMs }),
    ...(lease && { lease }),
  };
}

function readLease(stored: unknown): StoredLease | undefined {
  if (!Array.isArray(stored)) return undefined;
  const [slot, heardAtMs, untilMs, basis, learned] = stored as readonly unknown[];
  if (typeof slot !== 'string' || !isTime(heardAtMs) || !isTime(untilMs)) return undefined;
  if (!isBasis(basis) || basis.kind !== 'lease') return undefined;
  return { slot, heardAtMs, untilMs, basis, ...(typeof learned === 'string' && { learned }) };
}

function publisherOf(stored: unknown): AdapterIdentity | undefined {
  if (!Array.isArray(stored) || !stored.every((each) => typeof each === 'string')) return undefined;
  const [type, id, instance] = stored;
  return type === undefined || id === undefined || instance === undefined
    ? undefined
    : { type, id, instance };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The limit of a date in either direction (ECMAScript §21.4.1.1): events could not carry a time beyond it. */
const maxTimeMs = 8.64e15;

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= maxTimeMs;
}

function isBasis(value: unknown): value is Basis {
  if (!isObject(value)) return false;
  const { kind, detectWithinMs, intervalMs, from, until } = value as Readonly<
    Record<'kind' | 'detectWithinMs' | 'intervalMs' | 'from' | 'until', unknown>
  >;
  if (until !== undefined && !isTime(until)) return false;
  const detects = detectWithinMs === undefined || detectWithinMs === null || isTime(detectWithinMs);
  return (
    detects && (kind === 'session' || (kind === 'lease' && isTime(intervalMs) && typeof from === 'string'))
  );
}

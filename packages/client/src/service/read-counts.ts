import type { Timestamp } from '@rollcall/core';
import { isObject, list, object, text, time, UnreadableAnswer } from './read-presence.ts';

/** An instance of an adapter that published in the last seven days: one run of its process. */
export interface AdapterInstance {
  readonly id: string;
  /** E.g. `hono-mqtt`. */
  readonly type: string;
  readonly instance: string;
  /** By the clock of the service. */
  readonly lastHeardAt: Timestamp;
  /** Absent: it announced nothing yet. */
  readonly lastAnnouncedAt?: Timestamp;
  /** The interval in its announcements; absent: they do not state it. */
  readonly announceIntervalMs?: number;
  /** Whether it missed fewer than three announcements; `undefined`: that is not known. */
  readonly publishing: boolean | undefined;
  /** How many connections it has open, over all tenants, as far as is known; `undefined`: an older service does not report it. */
  readonly connections: number | undefined;
}

/** How many devices of a tenant were online at the ends of equal steps. */
export interface PresenceTimeline {
  readonly points: readonly {
    readonly at: Timestamp;
    readonly online: number;
    /** Devices with a connection that began before, and whose state is not known any more. */
    readonly unknown: number;
  }[];
  /** Connections that ended meanwhile, by reason. */
  readonly endings: ReadonlyMap<string, number>;
  /** Earlier counts may be too low: the service has dropped connections of that time, or did not follow; absent: an older service. */
  readonly knownSince?: Timestamp;
}

/** Counts of the devices of a tenant. */
export interface PresenceSummary {
  /** By status. */
  readonly devices: ReadonlyMap<string, number>;
  /** Protocols of devices that are online. */
  readonly protocols: ReadonlyMap<string, number>;
  /** Why devices that are offline left. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Devices that are online, by adapter id. */
  readonly adapters: ReadonlyMap<string, number>;
  /** Those with the most changes in the last hour, beyond a limit. */
  readonly flapping: readonly { readonly device: string; readonly changes: number }[];
}

/** @throws UnreadableAnswer */
export function readAdapter(json: unknown): AdapterInstance {
  const fields = object(json, 'an adapter');
  const { publishing, 'announce-interval-ms': intervalMs } = fields;
  return {
    id: text(fields, 'id'),
    type: text(fields, 'type'),
    instance: text(fields, 'instance'),
    lastHeardAt: time(fields, 'last-heard-at'),
    ...(fields['last-announced-at'] !== undefined && { lastAnnouncedAt: time(fields, 'last-announced-at') }),
    ...(typeof intervalMs === 'number' && { announceIntervalMs: intervalMs }),
    publishing: typeof publishing === 'boolean' ? publishing : undefined,
    connections: fields['connections'] === undefined ? undefined : count(fields, 'connections'),
  };
}

/** @throws UnreadableAnswer */
export function readTimeline(json: unknown): PresenceTimeline {
  const fields = object(json, 'the answer');
  return {
    points: list(fields, 'points').map((each) => {
      const point = object(each, 'a point');
      return { at: time(point, 'at'), online: count(point, 'online'), unknown: count(point, 'unknown') };
    }),
    endings: counts(fields, 'endings'),
    ...(fields['known-since'] !== undefined && { knownSince: time(fields, 'known-since') }),
  };
}

/** @throws UnreadableAnswer */
export function readSummary(json: unknown): PresenceSummary {
  const fields = object(json, 'the answer');
  return {
    devices: counts(fields, 'devices'),
    protocols: counts(fields, 'protocols'),
    reasons: counts(fields, 'reasons'),
    adapters: counts(fields, 'adapters'),
    flapping: list(fields, 'flapping').map((each) => {
      const one = object(each, 'a device');
      return { device: text(one, 'device'), changes: count(one, 'changes') };
    }),
  };
}

/** @throws UnreadableAnswer */
export function readTenant(json: unknown): string {
  if (typeof json === 'string') return json;
  throw new UnreadableAnswer('a tenant is not a text');
}

/** The names come from others: in a Map, none of them has a special meaning. */
function counts(fields: Readonly<Record<string, unknown>>, name: string): ReadonlyMap<string, number> {
  const found = fields[name];
  if (!isObject(found)) throw new UnreadableAnswer(`${name} is not an object`);
  return new Map(Object.keys(found).map((each) => [each, count(found, each)]));
}

function count(fields: Readonly<Record<string, unknown>>, name: string): number {
  const value = fields[name];
  if (Number.isSafeInteger(value)) return value as number;
  throw new UnreadableAnswer(`${name} is not a whole number`);
}

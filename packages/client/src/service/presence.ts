import { TransportError, type DeviceRef, type Timestamp } from '@rollcall/core';
import { later, systemClock, type Clock } from '@rollcall/core/environment';
import type { DevicePresence } from '../device-presence.ts';
import {
  readAdapter,
  readSummary,
  readTenant,
  readTimeline,
  type AdapterInstance,
  type PresenceSummary,
  type PresenceTimeline,
} from './read-counts.ts';
import {
  isObject,
  list,
  object,
  readDeviceEnding,
  readPresence,
  time,
  UnreadableAnswer,
  type DeviceEnding,
} from './read-presence.ts';
import { watchTenant, type PresenceNews } from './watch-tenant.ts';

export interface PresenceOptions {
  /** URL of the presence service, e.g. `http://127.0.0.1:8090`. */
  readonly url: string;
  /** Bearer token, or a function that returns one, called for each request. Absent: no token is sent. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Longest wait for a whole answer, in milliseconds; default: 30 s. `watch` has its own rule: it tries again. */
  readonly answerWithinMs?: number;
  readonly clock?: Clock;
}

export interface DeviceFilter {
  readonly status?: DevicePresence['status'];
  readonly protocol?: string;
  readonly reason?: string;
  /** Only devices whose status changed at this time or later. */
  readonly since?: Date;
  /** Only devices whose id begins with this. */
  readonly q?: string;
}

/** Absent: all that ended in the last hour. */
export interface EndingFilter {
  /** Only endings that their adapters observed after this time; default: an hour before `to`. */
  readonly from?: Date;
  /** Default: now. */
  readonly to?: Date;
  readonly reason?: string;
  readonly protocol?: string;
  /** Id of an adapter. */
  readonly adapter?: string;
}

/** Absent: all of them. */
export interface AdapterFilter {
  /** Id of an adapter. */
  readonly adapter?: string;
  readonly instance?: string;
}

/** A period, and the steps in which it is counted. Absent: the last day, in 120 steps. */
export interface TimelinePeriod {
  readonly from?: Date;
  readonly to?: Date;
  /** Whole seconds; 500 steps at most. */
  readonly stepS?: number;
}

/** Whether a device was connected at a time: `uncertain` has the interval in which that changed, as far as it is known. */
export type PastPresence =
  | { readonly answer: 'yes' | 'no' }
  | {
      readonly answer: 'uncertain';
      readonly because: string;
      readonly between: { readonly from?: Timestamp; readonly to?: Timestamp };
    };

/**
 * A presence service, with the types of the presence table. Each call rejects with a {@link PresenceError} where the service refuses, with
 * a `TransportError` where it does not answer in time, with the `TypeError` of `fetch` where it cannot be reached, and with an
 * {@link UnreadableAnswer} where something else than a presence service answers.
 */
export interface Presence {
  get(device: DeviceLike): Promise<DevicePresence>;
  /** Any number of devices, in this order; the client asks for a thousand at a time. */
  getMany(devices: readonly DeviceLike[]): Promise<readonly DevicePresence[]>;
  /** The devices of a tenant, page by page. */
  all(tenant: string, filter?: DeviceFilter): AsyncIterable<DevicePresence>;
  wasConnected(device: DeviceLike, at: Date): Promise<PastPresence>;
  /**
   * The devices of a tenant, and then each change, for ever: a lost connection is made again, and continues from the last change. Ends
   * when `signal` aborts; throws if the service refuses.
   */
  watch(tenant: string, signal?: AbortSignal): AsyncIterable<PresenceNews>;
  /** The endings of a period, with their reasons: the latest first, page by page. */
  endings(tenant: string, filter?: EndingFilter): AsyncIterable<DeviceEnding>;
  /** The tenants that the token names, or all tenants with a known device. */
  tenants(): AsyncIterable<string>;
  /** @param query `flapsPerHour`: changes in the last hour beyond which a device is listed as one that flaps. */
  summary(tenant: string, query?: { readonly flapsPerHour?: number }): Promise<PresenceSummary>;
  timeline(tenant: string, period?: TimelinePeriod): Promise<PresenceTimeline>;
  /** Instances of adapters that published in the last seven days, over all tenants: the token must be for all of them. */
  adapters(filter?: AdapterFilter): AsyncIterable<AdapterInstance>;
  /** Makes the service forget a device, with its history. */
  forget(device: DeviceLike): Promise<void>;
}

type DeviceLike = { readonly [Key in keyof DeviceRef]: string };

/** The service refused, or cannot answer (RFC 9457). */
export class PresenceError extends Error {
  override readonly name = 'PresenceError';
  /** The HTTP status. */
  readonly status: number;
  /** Kind of the problem, e.g. `urn:rollcall:problem:not-allowed`. */
  readonly type: string;
  /** The field with the mistake, for status 400. */
  readonly field: string | undefined;

  constructor(status: number, problem: Readonly<Record<string, unknown>>) {
    const { type = 'about:blank', title, detail, field } = problem;
    super(
      [`presence service: ${status}`, title, detail].filter((each) => typeof each === 'string').join(': '),
    );
    this.status = status;
    this.type = String(type);
    this.field = typeof field === 'string' ? field : undefined;
  }
}

const maxAtOnce = 1_000;

/** A client of a presence service. @throws TypeError if the URL is not valid. */
export function presence(options: PresenceOptions): Presence {
  const base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`);
  const { clock = systemClock } = options;
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    request(options, new URL(path, base), init);
  const answer = (path: string, init: RequestInit = {}): Promise<unknown> =>
    inTime(options, async (signal) => jsonOf(await (await ask(path, { ...init, signal })).text()));

  /** The items of all pages of a list, by the list's name in the answer. */
  async function* pages<Item>(
    path: string,
    name: string,
    read: (json: unknown) => Item,
    filter: Readonly<Record<string, string | undefined>> = {},
  ): AsyncGenerator<Item> {
    let cursor: string | undefined;
    do {
      const query = queryOf({ ...filter, limit: String(maxAtOnce), cursor });
      const page = object(await answer(`${path}?${query}`), 'the answer');
      yield* list(page, name).map(read);
      cursor = typeof page['next'] === 'string' ? page['next'] : undefined;
    } while (cursor !== undefined);
  }

  return {
    get: async (device) => readPresence(await answer(deviceOf(device))),
    async getMany(devices) {
      const found: DevicePresence[] = [];
      for (let start = 0; start < devices.length; start += maxAtOnce) {
        const asked = devices
          .slice(start, start + maxAtOnce)
          .map(({ tenant, device }) => ({ tenant, device }));
        const body = JSON.stringify({ devices: asked });
        const headers = { 'content-type': 'application/json' };
        const page = await answer('v1/devices:query', { method: 'POST', headers, body });
        found.push(...list(object(page, 'the answer'), 'devices').map(readPresence));
      }
      return found;
    },
    all: (tenant, filter = {}) =>
      pages(`${pathOf(tenant)}/devices`, 'devices', readPresence, {
        ...filter,
        since: filter.since?.toISOString(),
      }),
    endings: (tenant, { from, to, ...filter } = {}) =>
      pages(`${pathOf(tenant)}/endings`, 'endings', (json) => readDeviceEnding(tenant, json), {
        ...filter,
        from: from?.toISOString(),
        to: to?.toISOString(),
      }),
    tenants: () => pages('v1/tenants', 'tenants', readTenant),
    async summary(tenant, { flapsPerHour } = {}) {
      const query = queryOf({ flaps: flapsPerHour?.toString() });
      return readSummary(await answer(`${pathOf(tenant)}/summary?${query}`));
    },
    async timeline(tenant, { from, to, stepS } = {}) {
      const query = queryOf({ from: from?.toISOString(), to: to?.toISOString(), step: stepS?.toString() });
      return readTimeline(await answer(`${pathOf(tenant)}/timeline?${query}`));
    },
    adapters: ({ adapter, instance } = {}) =>
      pages('v1/adapters', 'adapters', readAdapter, { adapter, instance }),
    async wasConnected(device, at) {
      return readPast(await answer(`${deviceOf(device)}/at?${queryOf({ time: at.toISOString() })}`));
    },
    watch: (tenant, signal) =>
      watchTenant({
        open: (headers, until) => ask(`${pathOf(tenant)}/watch`, { headers, signal: until }),
        isRefusal: (error) => error instanceof PresenceError && error.status >= 400 && error.status < 500,
        clock,
        ...(signal && { signal }),
      }),
    async forget(device) {
      await inTime(options, (signal) => ask(deviceOf(device), { method: 'DELETE', signal }));
    },
  };
}

async function inTime<Result>(
  { clock = systemClock, answerWithinMs = 30_000 }: PresenceOptions,
  ask: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  const why = new TransportError(`the presence service did not answer within ${answerWithinMs / 1_000} s`);
  const disarm = clock.at(later(clock.monotonic(), answerWithinMs), () => late.abort(why));
  try {
    return await ask(late.signal);
  } finally {
    disarm();
  }
}

async function request({ token }: PresenceOptions, url: URL, init: RequestInit): Promise<Response> {
  const bearer = typeof token === 'function' ? await token() : token;
  const headers = new Headers(init.headers);
  if (bearer !== undefined) headers.set('authorization', `Bearer ${bearer}`);
  // A redirect could send the token to another server.
  const response = await fetch(url, { ...init, headers, redirect: 'error' });
  if (response.ok) return response;
  const problem: unknown = await response.json().catch(() => undefined);
  throw new PresenceError(response.status, isObject(problem) ? problem : {});
}

/** A proxy, or another service, may answer at the URL. */
function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new UnreadableAnswer('the answer is not JSON');
  }
}

function pathOf(tenant: string): string {
  return `v1/tenants/${encodeURIComponent(tenant)}`;
}

function deviceOf({ tenant, device }: DeviceLike): string {
  return `${pathOf(tenant)}/devices/${encodeURIComponent(device)}`;
}

function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((each): each is [string, string] => each[1] !== undefined);
  return new URLSearchParams(given).toString();
}

function readPast(json: unknown): PastPresence {
  const fields = object(json, 'the answer');
  const { answer, because, between } = fields;
  if (answer === 'yes' || answer === 'no') return { answer };
  if (answer !== 'uncertain') throw new UnreadableAnswer('the answer is none of yes, no and uncertain');
  const interval = isObject(between) ? between : {};
  return {
    answer,
    because: String(because),
    between: {
      ...(interval['from'] !== undefined && { from: time(interval, 'from') }),
      ...(interval['to'] !== undefined && { to: time(interval, 'to') }),
    },
  };
}

import {
  announcedAfter,
  graceOf,
  hear,
  isSignOfLife,
  isSilent,
  noNews,
  type AdapterNews,
} from '@rollcall/client/internal';
import type { ReceivedEvent } from '@rollcall/hono-wire';

export { announcedAfter, graceOf, isSilent };

/** What is known about an adapter from its events for one tenant. Its times leave out those when this service did not run. */
export interface Heard extends AdapterNews {
  readonly tenant: string;
  readonly adapterId: string;
  closedThrough: string | undefined;
  /** Whether a sweep found the adapter silent, and so its connections unknown. */
  isSilent: boolean;
}

/** The same as a row of a database. */
export interface AdapterRow {
  readonly tenant: string;
  readonly adapter_id: string;
  readonly last_heard: number;
  readonly interval: number | null;
  readonly listened: number;
  readonly last_announcement: number;
  readonly new_instance: string | null;
  readonly new_epoch: string | null;
  readonly closed_through: string | null;
}

/** The adapters from which events came. The presence table of `@rollcall/client` decides by the same rules which of them are silent. */
export class AdapterBook {
  readonly #known = new Map<string, Heard>();
  readonly #changed = new Set<Heard>();
  readonly #defaultIntervalMs: number;

  constructor(defaultIntervalMs: number, known: Iterable<Heard> = []) {
    this.#defaultIntervalMs = defaultIntervalMs;
    for (const heard of known) this.#known.set(keyOf(heard.tenant, heard.adapterId), heard);
  }

  get(tenant: string, adapterId: string): Heard | undefined {
    return this.#known.get(keyOf(tenant, adapterId));
  }

  all(): Iterable<Heard> {
    return this.#known.values();
  }

  /** The longest interval at which an adapter announces its open connections. */
  get longestIntervalMs(): number | undefined {
    let longest: number | undefined;
    for (const { intervalMs } of this.#known.values())
      if (intervalMs !== undefined && intervalMs > (longest ?? 0)) longest = intervalMs;
    return longest;
  }

  /** Notes an event of an adapter. @returns whether its connections must be checked again: it was silent, or has a new journal. */
  hear(event: ReceivedEvent, nowMs: number): boolean {
    if (!isSignOfLife(event)) return false;
    const heard = this.#obtain(event.device.tenant, event.adapter.id, nowMs);
    // A device may have been judged since the adapter became silent, before a sweep found that.
    const wasSilent = heard.isSilent || nowMs - heard.lastHeardMs > (graceOf(heard) ?? Infinity);
    const isNew = hear(heard, event, nowMs, this.#defaultIntervalMs);
    heard.isSilent = false;
    return isNew || wasSilent;
  }

  closeThrough(tenant: string, adapterId: string, epoch: string, nowMs: number): void {
    const heard = this.#obtain(tenant, adapterId, nowMs);
    if ((heard.closedThrough ?? '') < epoch) heard.closedThrough = epoch;
  }

  /** The adapters that changed since the last call. */
  takeChanged(): readonly Heard[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  #obtain(tenant: string, adapterId: string, nowMs: number): Heard {
    const key = keyOf(tenant, adapterId);
    const heard: Heard = this.#known.get(key) ?? {
      tenant,
      adapterId,
      ...noNews(nowMs),
      closedThrough: undefined,
      isSilent: false,
    };
    this.#known.set(key, heard);
    this.#changed.add(heard);
    return heard;
  }
}

export function heardOf(row: AdapterRow): Heard {
  return {
    tenant: row.tenant,
    adapterId: row.adapter_id,
    lastHeardMs: row.last_heard,
    intervalMs: row.interval ?? undefined,
    listenedMs: row.listened,
    lastAnnouncementMs: row.last_announcement,
    newInstance: row.new_instance ?? undefined,
    newEpoch: row.new_epoch ?? undefined,
    closedThrough: row.closed_through ?? undefined,
    isSilent: false,
  };
}

/** The row for a database, with its columns in order. */
export function adapterRow(heard: Heard): AdapterRow {
  return {
    tenant: heard.tenant,
    adapter_id: heard.adapterId,
    last_heard: heard.lastHeardMs,
    interval: heard.intervalMs ?? null,
    listened: Math.round(heard.listenedMs),
    last_announcement: heard.lastAnnouncementMs,
    new_instance: heard.newInstance ?? null,
    new_epoch: heard.newEpoch ?? null,
    closed_through: heard.closedThrough ?? null,
  };
}

function keyOf(tenant: string, adapterId: string): string {
  return JSON.stringify([tenant, adapterId]);
}

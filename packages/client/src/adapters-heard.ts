import type { Epoch } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { announcedAfter, hear, isSignOfLife, isSilent, noNews, type AdapterNews } from './adapter-news.ts';
import type { OpenConnection } from './device-presence.ts';

/** What was known of an adapter when an event of a connection came. */
export interface HeardNow {
  /** For how long the adapter's announcements had been heard. */
  readonly listenedMs: number;
  readonly announcedAfter: string | undefined;
}

interface Heard extends AdapterNews {
  /** All connections of the adapter with epochs up to this one are closed, unless they are known to be open. */
  closedThrough: Epoch | undefined;
}

/**
 * What is known about the adapters themselves, for each tenant separately: events of one tenant may be held up while those of another
 * arrive. Bounded: the adapter without events for longest is forgotten.
 */
export interface AdaptersHeard {
  /** @returns what is to be kept with the connection of the event, to be compared later. */
  hear(event: ReceivedEvent, nowMs: number): HeardNow;
  /**
   * Whether the state of a connection is unknown: its adapter became silent, announces others but not this one, or lost its journal.
   *
   * @param heard what {@link hear} returned for the last event of the connection.
   */
  isSilent(connection: OpenConnection, heard: HeardNow, nowMs: number): boolean;
  closeThrough(tenant: string, adapterId: string, epoch: Epoch): void;
  isClosedThrough(tenant: string, adapterId: string, epoch: Epoch): boolean;
}

/** @param defaultIntervalMs the interval of adapters whose announcements do not state it: those of version 1.0. */
export function createAdaptersHeard(maxAdapters: number, defaultIntervalMs: number): AdaptersHeard {
  const adapters = new Map<string, Heard>();

  function known(tenant: string, adapterId: string): Heard | undefined {
    return adapters.get(keyOf(tenant, adapterId));
  }

  function obtain(id: string, nowMs: number): Heard {
    const heard = adapters.get(id) ?? { ...noNews(nowMs), closedThrough: undefined };
    // Added again at the end: the order of the Map is then that of the latest events.
    adapters.delete(id);
    adapters.set(id, heard);
    const [oldest] = adapters.keys();
    if (adapters.size > maxAdapters && oldest !== undefined) adapters.delete(oldest);
    return heard;
  }

  return {
    hear(event, nowMs) {
      const { device, adapter } = event;
      if (!isSignOfLife(event))
        return { listenedMs: known(device.tenant, adapter.id)?.listenedMs ?? 0, announcedAfter: undefined };
      const heard = obtain(keyOf(device.tenant, adapter.id), nowMs);
      hear(heard, event, nowMs, defaultIntervalMs);
      return { listenedMs: heard.listenedMs, announcedAfter: announcedAfter(heard, event) };
    },
    isSilent({ device, adapter, epoch }, { listenedMs, announcedAfter: after }, nowMs) {
      const connection = {
        instance: adapter.instance,
        epoch,
        heard: listenedMs,
        announcedAfter: after,
      };
      return isSilent(known(device.tenant, adapter.id), connection, nowMs);
    },
    closeThrough(tenant, id, epoch) {
      const heard = known(tenant, id);
      if (heard && (heard.closedThrough === undefined || heard.closedThrough < epoch))
        heard.closedThrough = epoch;
    },
    isClosedThrough(tenant, id, epoch) {
      const closedThrough = known(tenant, id)?.closedThrough;
      return closedThrough !== undefined && epoch <= closedThrough;
    },
  };
}

function keyOf(tenant: string, adapterId: string): string {
  return JSON.stringify([tenant, adapterId]);
}

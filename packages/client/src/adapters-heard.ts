import type { Epoch } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { hear, isSilent, noNews, type AdapterNews } from './adapter-news.ts';
import type { OpenConnection } from './device-presence.ts';

interface Heard extends AdapterNews {
  /** All connections of the adapter with epochs up to this one are closed, unless they are known to be open. */
  closedThrough: Epoch | undefined;
}

/**
 * What is known about the adapters themselves, for each tenant separately: events of one tenant may be held up while those of another
 * arrive. Bounded: the adapter without events for longest is forgotten.
 */
export interface AdaptersHeard {
  hear(event: ReceivedEvent, nowMs: number): void;
  /** For how long the adapter's announcements were heard until now, to be compared later. */
  listenedMs(tenant: string, adapterId: string): number;
  /**
   * Whether the state of a connection is unknown: its adapter became silent, announces others but not this one, or lost its journal.
   *
   * @param heardAtMs {@link listenedMs} when the last event of the connection came.
   */
  isSilent(connection: OpenConnection, heardAtMs: number, nowMs: number): boolean;
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
      hear(obtain(keyOf(event.device.tenant, event.adapter.id), nowMs), event, nowMs, defaultIntervalMs);
    },
    listenedMs: (tenant, id) => known(tenant, id)?.listenedMs ?? 0,
    isSilent({ device, adapter, epoch }, heardAtMs, nowMs) {
      const connection = { instance: adapter.instance, epoch, heard: heardAtMs };
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

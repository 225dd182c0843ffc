import type { Epoch } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/hono-wire';

/** Announcements that may be missed in a row. */
export const missedAnnouncements = 3;

/** What is known about one adapter from its events for one tenant. */
export interface AdapterNews {
  lastHeardMs: number;
  /** How often it announces what is open; `undefined` until it does. */
  intervalMs: number | undefined;
  /**
   * For how long its announcements were heard. A pause counts as one interval at most: a consumer that was away and finds
   * the events of that time in its queue has missed nothing.
   */
  listenedMs: number;
  lastAnnouncementMs: number;
  /** The latest incarnation that reported a new journal, and the greatest epoch of its events. */
  newInstance: string | undefined;
  newEpoch: string | undefined;
}

export function noNews(nowMs: number): AdapterNews {
  return {
    lastHeardMs: nowMs,
    intervalMs: undefined,
    listenedMs: 0,
    lastAnnouncementMs: nowMs,
    newInstance: undefined,
    newEpoch: undefined,
  };
}

/** Endings with these reasons may be sent by others, for an adapter that is dead. */
const toldByOthers: ReadonlySet<string> = new Set(['adapter-lost', 'taken-over', 'buried']);

/**
 * Whether the adapter of an event lived when it was sent. Others may have sent an ending without `ended-epoch`: only the adapter itself
 * can give that.
 */
export function isSignOfLife(event: ReceivedEvent): boolean {
  return event.type !== 'disconnected' || event.endedEpoch !== undefined || !toldByOthers.has(event.reason);
}

/**
 * Takes in an event that is a sign of life of the adapter.
 *
 * @param defaultIntervalMs the interval of adapters whose announcements do not state it: those of version 1.0.
 * @returns whether the adapter reports a new journal for the first time.
 */
export function hear(
  news: AdapterNews,
  event: ReceivedEvent,
  nowMs: number,
  defaultIntervalMs: number,
): boolean {
  news.lastHeardMs = nowMs;
  if (event.announcement && event.type === 'connected') {
    const intervalMs = event.announceIntervalMs ?? defaultIntervalMs;
    news.listenedMs += Math.max(0, Math.min(nowMs - news.lastAnnouncementMs, intervalMs));
    news.lastAnnouncementMs = nowMs;
    news.intervalMs = intervalMs;
  }
  const isNew = event.journal?.state === 'new' && event.epoch > (news.newEpoch ?? '');
  if (isNew) {
    news.newInstance = event.adapter.instance;
    news.newEpoch = event.epoch;
  }
  return isNew;
}

/**
 * The latest incarnation with a new journal that was known when an event announced its connection: that journal knows the connection,
 * or one that follows it. Absent: the event is no announcement, or no journal is known to be new.
 */
export function announcedAfter(news: AdapterNews | undefined, event: ReceivedEvent): string | undefined {
  return event.type === 'connected' && event.announcement ? news?.newInstance : undefined;
}

/** For how long its announcements may be missing; `undefined`: it does not announce. */
export function graceOf({ intervalMs }: Pick<AdapterNews, 'intervalMs'>): number | undefined {
  return intervalMs === undefined ? undefined : missedAnnouncements * intervalMs;
}

/**
 * Whether the state of a connection of this adapter is unknown: the adapter became silent, announces others but not this one, or lost
 * its journal.
 *
 * @param connection `heard`: the adapter's `listenedMs` when the last event of the connection came. `announcedAfter`: see the function
 * of this name, for the last announcement.
 */
export function isSilent(
  news: AdapterNews | undefined,
  connection: {
    readonly instance: string;
    readonly epoch: Epoch | string;
    readonly heard: number;
    readonly announcedAfter?: string | null | undefined;
  },
  nowMs: number,
): boolean {
  if (!news) return false;
  const { newInstance, newEpoch, lastHeardMs, listenedMs } = news;
  const isKnownToJournal = newInstance === connection.instance || newInstance === connection.announcedAfter;
  if (newInstance !== undefined && !isKnownToJournal && connection.epoch < (newEpoch ?? '')) return true;
  const graceMs = graceOf(news);
  if (graceMs === undefined) return false;
  return nowMs - lastHeardMs > graceMs || listenedMs - connection.heard > graceMs;
}

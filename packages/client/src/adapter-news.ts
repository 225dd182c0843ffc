import type { Epoch } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/hono-wire';

/** Announcements that may be missed in a row. */
export const missedAnnouncements = 3;

/** What was heard of one adapter, of one tenant. */
export interface AdapterNews {
  lastHeardMs: number;
  /** How often it announces what is open; `undefined` until it does. */
  intervalMs: number | undefined;
  /**
   * For how long its announcements were heard. Of a pause, one interval counts at most: a consumer that was away and finds
   * what came meanwhile in its queue has missed nothing.
   */
  listenedMs: number;
  lastAnnouncementMs: number;
  /** The latest incarnation that said that it has a new journal, and the greatest epoch that it was heard with. */
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

/**
 * Takes in an event of the adapter.
 *
 * @param defaultIntervalMs how often adapters announce whose announcements do not say it: those of version 1.0.
 * @returns whether the adapter says that it has a new journal, and had not said so before.
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

/** How much of its announcements may be missed; `undefined`: it does not announce. */
export function graceOf({ intervalMs }: Pick<AdapterNews, 'intervalMs'>): number | undefined {
  return intervalMs === undefined ? undefined : missedAnnouncements * intervalMs;
}

/**
 * Whether it is not known any more if a connection of this adapter is open: the adapter fell silent, announces others but not
 * this one, or lost its journal.
 *
 * @param connection `heard`: the adapter's `listenedMs` when the last news of the connection came.
 */
export function isSilent(
  news: AdapterNews | undefined,
  connection: { readonly instance: string; readonly epoch: Epoch | string; readonly heard: number },
  nowMs: number,
): boolean {
  if (!news) return false;
  const { newInstance, newEpoch, lastHeardMs, listenedMs } = news;
  if (newInstance !== undefined && newInstance !== connection.instance && connection.epoch < (newEpoch ?? ''))
    return true;
  const graceMs = graceOf(news);
  if (graceMs === undefined) return false;
  return nowMs - lastHeardMs > graceMs || listenedMs - connection.heard > graceMs;
}

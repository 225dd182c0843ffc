// For the presence service, which folds events into a database by the same rule; it may change with any version.
export {
  type AdapterNews,
  announcedAfter,
  graceOf,
  hear,
  isSignOfLife,
  isSilent,
  missedAnnouncements,
  noNews,
} from './adapter-news.ts';
export { slotKey, takeoverMarginMs } from './device-connections.ts';
export { endingOf, openConnection, presenceFrom } from './device-presence.ts';
export { latestEnding, withEnding } from './latest-endings.ts';

// For the presence service, which folds events by the same rule into a database; it may change with any version.
export { type AdapterNews, graceOf, hear, isSilent, missedAnnouncements, noNews } from './adapter-news.ts';
export { slotKey, takeoverMarginMs } from './device-connections.ts';
export { endingOf, openConnection, presenceFrom } from './device-presence.ts';
export { latestEnding, withEnding } from './latest-endings.ts';

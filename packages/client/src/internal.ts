// For the presence service, which folds events by the same rule into a database; it may change with any version.
export { takeoverMarginMs } from './device-connections.ts';
export { endingOf, openConnection } from './device-presence.ts';
export { latestEnding, withEnding } from './latest-endings.ts';

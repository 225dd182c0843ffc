import type { Ending } from './device-presence.ts';

/** How many adapters of one device have their endings compared. Beyond it, the adapter with the oldest ending is forgotten. */
const maxAdapters = 16;

/**
 * The endings that may be the latest one of a device: for each adapter the one with the greatest `ended-epoch`, and, of those
 * that have none, the one with the greatest `at`. Usually there is one.
 */
export type LatestEndings = readonly Ending[];

/** Adds an ending to those that may be the latest one. The order in which endings are added does not matter. */
export function withEnding(latest: LatestEndings, ending: Ending): LatestEndings {
  const rival = latest.find((each) => areComparable(each, ending));
  if (rival && !isLater(ending, rival)) return latest;
  const others = latest.filter((each) => each !== rival);
  const all = [...others, ending];
  if (all.length <= maxAdapters) return all;
  const oldest = all.reduce((one, other) => (isEarlierByTime(other, one) ? other : one));
  return all.filter((each) => each !== oldest);
}

/** The ending since which the device is offline: across adapters, the one with the greatest `at`. */
export function latestEnding(latest: LatestEndings): Ending | undefined {
  return latest.reduce<Ending | undefined>(
    (one, other) => (one && isEarlierByTime(other, one) ? one : other),
    undefined,
  );
}

/** Whether one clock stamped both: that of their adapter's epochs, or else its wall clock. */
function areComparable(one: Ending, other: Ending): boolean {
  return (
    one.adapter.id === other.adapter.id && (one.endedEpoch === undefined) === (other.endedEpoch === undefined)
  );
}

function isLater(one: Ending, other: Ending): boolean {
  if (one.endedEpoch !== undefined && other.endedEpoch !== undefined && one.endedEpoch !== other.endedEpoch)
    return one.endedEpoch > other.endedEpoch;
  return isEarlierByTime(other, one);
}

function isEarlierByTime(one: Ending, other: Ending): boolean {
  return one.at < other.at || (one.at === other.at && one.id < other.id);
}

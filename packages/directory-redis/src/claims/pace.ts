/** What an engine takes beside what devices want of it, for the whole fleet. */
const fleetPerSecond = 30_000;
const leastPerSecond = 300;
const mostPerSecond = 2_000;

/** How many connections an instance tells again in a second: all of a fleet have lost the same at the same time. */
export function assertionsPerSecond(instances: number): number {
  return Math.min(
    mostPerSecond,
    Math.max(leastPerSecond, Math.floor(fleetPerSecond / Math.max(1, instances))),
  );
}

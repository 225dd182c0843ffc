/** How many assertions an engine can take beside the load of devices, from the whole fleet. */
const fleetPerSecond = 30_000;
const leastPerSecond = 300;
const mostPerSecond = 2_000;

/** How many connections an instance asserts again in a second: when the engine loses its data, all instances do so at once. */
export function assertionsPerSecond(instances: number): number {
  return Math.min(
    mostPerSecond,
    Math.max(leastPerSecond, Math.floor(fleetPerSecond / Math.max(1, instances))),
  );
}

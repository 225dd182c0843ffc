import type { Owed } from '../journal/journal.ts';

/** How many devices are remembered for which a sink got too great a count. For more devices, that may happen once more. */
const maxOverTold = 10_000;

/**
 * How many connections of each device were left out for each sink, until an event reports it.
 *
 * An event is the same for every sink, and has the greatest of the counts. So no consumer gets too small a count; and if one sink
 * loses some, its consumers get the true count. What a sink got in excess is subtracted from its later losses.
 */
export interface Coalesced {
  /** @returns how many pairs were left out for this sink, and not reported yet. */
  add(sink: string, tenant: string, device: number, pairs: number): Owed;
  /** The count for the next event of the device. */
  next(tenant: string, device: () => number): number;
  /** An event with the count `pairs` is on its way to every sink. */
  said(tenant: string, device: number, pairs: number): Said;
  /** The pairs that were left out and not reported yet, for all sinks and devices. */
  all(): readonly Owed[];
}

interface Said {
  /** The counts that each sink is owed now. */
  readonly owed: readonly Owed[];
  /** Other devices, whose excess is forgotten. */
  readonly forgotten: readonly Owed[];
}

/** @param earlier counts that an earlier incarnation left; those of sinks that no longer exist are ignored. */
export function createCoalesced(sinks: readonly string[], earlier: readonly Owed[] = []): Coalesced {
  const counts = sinks.map(createCountsOfSink);
  for (const { sink, tenant, device, pairs } of earlier)
    counts.find((each) => each.sink === sink)?.put(tenant, device, pairs);

  return {
    all: () => counts.flatMap((each) => each.all()),
    add(sink, tenant, device, added) {
      const of = counts.find((each) => each.sink === sink);
      const pairs = (of?.get(tenant, device) ?? 0) + added;
      of?.put(tenant, device, pairs);
      return { sink, tenant, device, pairs };
    },
    next(tenant, device) {
      if (!counts.some((each) => each.has(tenant))) return 0;
      const number = device();
      return Math.max(0, ...counts.map((each) => each.get(tenant, number)));
    },
    said(tenant, device, said) {
      const owed = counts.map((each) => {
        const pairs = each.get(tenant, device) - said;
        each.put(tenant, device, pairs);
        return { sink: each.sink, tenant, device, pairs };
      });
      return { owed, forgotten: counts.flatMap((each) => each.forgetOverTold()) };
    },
  };
}

interface CountsOfSink {
  readonly sink: string;
  has(tenant: string): boolean;
  get(tenant: string, device: number): number;
  put(tenant: string, device: number, pairs: number): void;
  all(): readonly Owed[];
  /** Keeps within {@link maxOverTold}. */
  forgetOverTold(): readonly Owed[];
}

function createCountsOfSink(sink: string): CountsOfSink {
  const byTenant = new Map<string, Map<number, number>>();
  /** Oldest excess first. */
  const overTold = new Map<string, readonly [tenant: string, device: number]>();

  function put(tenant: string, device: number, pairs: number): void {
    let devices = byTenant.get(tenant);
    if (!devices) byTenant.set(tenant, (devices = new Map()));
    if (pairs === 0) devices.delete(device);
    else devices.set(device, pairs);
    if (devices.size === 0) byTenant.delete(tenant);
    const key = `${device} ${tenant}`;
    overTold.delete(key);
    if (pairs < 0) overTold.set(key, [tenant, device]);
  }

  return {
    sink,
    has: (tenant) => byTenant.has(tenant),
    get: (tenant, device) => byTenant.get(tenant)?.get(device) ?? 0,
    put,
    all: () =>
      [...byTenant].flatMap(([tenant, devices]) =>
        [...devices].map(([device, pairs]): Owed => ({ sink, tenant, device, pairs })),
      ),
    forgetOverTold() {
      const forgotten: Owed[] = [];
      for (const [tenant, device] of overTold.values()) {
        if (overTold.size <= maxOverTold) break;
        put(tenant, device, 0);
        forgotten.push({ sink, tenant, device, pairs: 0 });
      }
      return forgotten;
    },
  };
}

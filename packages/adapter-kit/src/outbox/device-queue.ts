import type { OutboundEvent } from '@rollcall/core';

/** One event waiting for one sink. */
export interface Entry {
  readonly outbound: OutboundEvent;
  /** What has to come before it is sent; absent: nothing. */
  readonly committed: Promise<void> | undefined;
  /** Once a sink was handed the event it may have arrived: it can no longer be left out. */
  attempted: boolean;
  leftOut: boolean;
}

/** The events of one device for one sink, in order. At most the first of them is in flight. */
export interface DeviceQueue {
  readonly key: string;
  readonly entries: Entry[];
  inFlight: boolean;
  /** Tries in a row that the sink answered with `retryable`. */
  failures: number;
  /** Unattempted connected/disconnected pairs, oldest first; checked again before use. */
  readonly pairs: (readonly [Entry, Entry])[];
}

export function createDeviceQueue(key: string): DeviceQueue {
  return { key, entries: [], inFlight: false, failures: 0, pairs: [] };
}

/** An event that comes to a queue. */
export interface Arrival {
  readonly outbound: OutboundEvent;
  /** Whether the sink may have been handed the event before: then it is not left out. */
  readonly attempted?: boolean;
  /** What has to come before it is sent. */
  readonly committed?: Promise<void> | undefined;
}

/** Appends, and notes whether this completes a pair of which nothing was attempted. */
export function enqueue(queue: DeviceQueue, { outbound, attempted = false, committed }: Arrival): void {
  const entry: Entry = { outbound, committed, attempted, leftOut: false };
  queue.entries.push(entry);
  if (attempted || outbound.event.type !== 'disconnected') return;
  const { connectionId } = outbound.event;
  const first = queue.entries.findLast(
    (earlier) =>
      earlier !== entry &&
      !earlier.attempted &&
      !earlier.leftOut &&
      !earlier.outbound.announcement &&
      earlier.outbound.event.connectionId === connectionId,
  );
  if (first) queue.pairs.push([first, entry]);
}

/** The next event to send; entries left out are passed over. */
export function head(queue: DeviceQueue): Entry | undefined {
  while (queue.entries[0]?.leftOut) queue.entries.shift();
  return queue.entries[0];
}

/** Leaves out the oldest pair of which nothing was attempted; `undefined` where there is none. */
export function leaveOutOldestPair(queue: DeviceQueue): readonly [Entry, Entry] | undefined {
  for (let pair = queue.pairs.shift(); pair !== undefined; pair = queue.pairs.shift()) {
    const [connected, disconnected] = pair;
    if (connected.attempted || disconnected.attempted) continue;
    connected.leftOut = true;
    disconnected.leftOut = true;
    head(queue);
    return pair;
  }
  return undefined;
}

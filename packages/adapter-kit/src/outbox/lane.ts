import {
  deviceKey,
  later,
  type Clock,
  type Delivery,
  type EventSink,
  type Instant,
  type Log,
  type OutboundEvent,
  type Random,
} from '@rollcall/core';
import { backoffMs, type BackoffLimits } from './backoff.ts';
import {
  createDeviceQueue,
  enqueue,
  head,
  leaveOutOldestPair,
  type Arrival,
  type DeviceQueue,
  type Entry,
} from './device-queue.ts';

/** Failures in a row, of any devices, after which the whole lane waits before it tries again. */
const failuresBeforePause = 3;

export interface LaneContext {
  readonly sink: EventSink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly backoff: BackoffLimits;
  /** Greatest number of events in flight at a time. */
  readonly window: number;
  /** Aborts when the outbox closes. */
  readonly signal: AbortSignal;
  /** What became of a try. Told before the next event of the device goes out. */
  settled(entry: Entry, delivery: Delivery): void;
}

/** The way of one tenant's events to one sink. Its trouble stalls nobody else. */
export interface Lane {
  append(arrival: Arrival): void;
  /**
   * Sends an announcement, once and whatever becomes of it: the next one comes in its time. Not while the lane has trouble,
   * nor while an event of the device waits, for that says more.
   */
  announce(outbound: OutboundEvent): void;
  /** Leaves out the oldest pair that can be; `undefined` where there is none. */
  leaveOutPair(): readonly [Entry, Entry] | undefined;
  readonly idle: boolean;
  /** When the event that has waited longest was observed; `undefined` if none waits. */
  oldestAt(): number | undefined;
  stop(): void;
}

/**
 * Devices are pipelined, each with one event in flight. A device whose event must be tried again waits by itself;
 * failures in a row halve the lane's window and then pause the lane, so that a network that is away is asked by a
 * few tries and not by all devices.
 */
export function createLane(context: LaneContext): Lane {
  const { clock, random, sink } = context;
  const devices = new Map<string, DeviceQueue>();
  const ready = new Set<DeviceQueue>();
  const withPairs = new Set<DeviceQueue>();
  const disarms = new Set<() => void>();
  let inFlight = 0;
  let failuresInARow = 0;
  let pausedUntil = clock.monotonic();
  let stopped = false;

  function append(arrival: Arrival): void {
    const key = deviceKey(arrival.outbound.event.device);
    let queue = devices.get(key);
    if (!queue) devices.set(key, (queue = createDeviceQueue(key)));
    enqueue(queue, arrival);
    if (queue.pairs.length > 0) withPairs.add(queue);
    if (!queue.inFlight && queue.failures === 0) ready.add(queue);
    pump();
  }

  function pump(): void {
    if (stopped || clock.monotonic() < pausedUntil) return;
    const window = Math.max(1, context.window >> Math.min(failuresInARow, 30));
    for (const queue of ready) {
      if (inFlight >= window) return;
      ready.delete(queue);
      const entry = head(queue);
      if (entry) void send(queue, entry);
      else drop(queue);
    }
  }

  async function send(queue: DeviceQueue, entry: Entry): Promise<void> {
    inFlight += 1;
    queue.inFlight = true;
    entry.attempted = true;
    let delivery: Delivery;
    // An event that was sent, and that a crash then takes out of the journal, would be told again, and otherwise.
    if (entry.committed) await entry.committed;
    try {
      delivery = await sink.deliver(entry.outbound, context.signal);
    } catch (error) {
      // A sink must not reject; one that does must not lose the event either.
      const cause = error instanceof Error ? error : new Error(String(error));
      context.log.error({ sink: sink.name, err: cause }, 'event sink broke its contract: deliver() rejected');
      delivery = { status: 'retryable', cause };
    }
    inFlight -= 1;
    queue.inFlight = false;
    context.settled(entry, delivery);
    if (entry.outbound.announcement) goOn(queue);
    else if (delivery.status === 'retryable') retryLater(queue, delivery.retryAfterMs ?? 0);
    else next(queue);
    pump();
  }

  function next(queue: DeviceQueue): void {
    queue.failures = 0;
    failuresInARow = 0;
    pausedUntil = clock.monotonic();
    goOn(queue);
  }

  function goOn(queue: DeviceQueue): void {
    queue.entries.shift();
    if (head(queue)) ready.add(queue);
    else drop(queue);
  }

  function drop(queue: DeviceQueue): void {
    devices.delete(queue.key);
    withPairs.delete(queue);
  }

  function retryLater(queue: DeviceQueue, atLeastMs: number): void {
    queue.failures += 1;
    failuresInARow += 1;
    if (failuresInARow >= failuresBeforePause) {
      const pauseMs = backoffMs(failuresInARow - failuresBeforePause + 1, random, context.backoff);
      pausedUntil = later(clock.monotonic(), pauseMs);
      wakeAt(pausedUntil, () => {});
    }
    const delayMs = Math.max(atLeastMs, backoffMs(queue.failures, random, context.backoff));
    wakeAt(later(clock.monotonic(), delayMs), () => ready.add(queue));
  }

  function wakeAt(instant: Instant, prepare: () => void): void {
    if (stopped) return;
    const disarm = clock.at(instant, () => {
      disarms.delete(disarm);
      prepare();
      pump();
    });
    disarms.add(disarm);
  }

  return {
    append,
    announce(outbound) {
      if (failuresInARow === 0 && !devices.has(deviceKey(outbound.event.device))) append({ outbound });
    },
    leaveOutPair() {
      for (const queue of withPairs) {
        const pair = leaveOutOldestPair(queue);
        if (queue.pairs.length === 0) withPairs.delete(queue);
        if (pair) return pair;
      }
      return undefined;
    },
    get idle() {
      return devices.size === 0;
    },
    oldestAt() {
      let oldest: number | undefined;
      for (const queue of devices.values()) {
        const first = queue.entries.find(({ leftOut, outbound }) => !leftOut && !outbound.announcement);
        const at = first?.outbound.event.at;
        if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at;
      }
      return oldest;
    },
    stop() {
      stopped = true;
      for (const disarm of disarms) disarm();
      disarms.clear();
    },
  };
}

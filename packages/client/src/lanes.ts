import type { ReceivedDelivery, Settlement } from '@rollcall/amqp-connection';
import { later, type Clock } from '@rollcall/core';
import { createTries } from './tries.ts';

/** A message, and what is to be done with it. */
interface Work {
  /** Messages of one lane keep their order. */
  readonly lane: string;
  /** The same whenever the message comes again. */
  readonly id: string;
  readonly delivery: ReceivedDelivery;
  /** Whether it says anything that it could be handled: what nobody looks at always can. */
  readonly proves: boolean;
  /** Throws, or rejects, where it is to be tried again. */
  handle(): void | Promise<void>;
  /** It was tried often enough. */
  giveUp(error: unknown): void | Promise<void>;
}

export interface LanesOptions {
  readonly clock: Clock;
  /** Messages that are handled at a time. */
  readonly maxRunning: number;
  /** After so many failures a message is given up. */
  readonly maxTries: number;
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  /** Told of everything that is thrown. */
  failed(where: string, error: unknown): void;
  /** Told where no more is received before a pause ends; once, until a message is handled again. */
  full?(): void;
}

/**
 * Handles messages of different lanes at the same time, and those of one lane one after another. What fails is given back at once,
 * and with it what waits behind it: the network sends it again, to whoever may do better. Here its lane pauses meanwhile, longer with
 * each failure, and the others go on.
 */
export interface Lanes {
  /** @returns how to settle the message. */
  add(work: Work): Promise<Settlement>;
  /** A link was lost: what came over it comes again. */
  prune(): void;
  /** Begins nothing more. */
  close(): void;
}

interface Entry extends Work {
  held: boolean;
  settle(settlement: Settlement): void;
}

interface Pause {
  disarm(): void;
  /** Messages that were handled before it began. */
  readonly handledBefore: number;
  /** How those that were given back stood. */
  readonly order: ReadonlyMap<string, number>;
}

interface Lane {
  readonly name: string;
  entries: Entry[];
  /** Whether a message of it is being handled, or its turn will come. */
  running: boolean;
  pause: Pause | undefined;
}

/** Messages that wait for the end of a pause beside the credit. With it, less than a session has room for. */
const maxHeld = 1_000;
const maxPaused = 10_000;
const maxRemembered = 100_000;

export function createLanes(options: LanesOptions): Lanes {
  const { clock, maxTries, failed } = options;
  const lanes = new Map<string, Lane>();
  /** Those that pause, longest first. */
  const paused = new Set<Lane>();
  /** Those whose turn comes. */
  const ready = new Set<Lane>();
  const tries = createTries(maxRemembered);
  let running = 0;
  let held = 0;
  let handled = 0;
  /** How many were handled when it was last told that there is no room. */
  let fullAt: number | undefined;
  let closed = false;

  function finish(entry: Entry, settlement: Settlement): void {
    if (entry.held) held -= 1;
    entry.settle(settlement);
  }

  function start(lane: Lane): void {
    lane.running = true;
    ready.add(lane);
    dispatch();
  }

  function dispatch(): void {
    for (const lane of ready) {
      if (running >= options.maxRunning) return;
      ready.delete(lane);
      running += 1;
      void step(lane);
    }
  }

  async function step(lane: Lane): Promise<void> {
    const entry = lane.entries.shift();
    if (entry) await look(lane, entry);
    running -= 1;
    if (!lane.pause && lane.entries.length > 0) ready.add(lane);
    else lane.running = false;
    if (!lane.pause && !lane.running) lanes.delete(lane.name);
    dispatch();
  }

  async function look(lane: Lane, entry: Entry): Promise<void> {
    if (closed || entry.delivery.gone()) return finish(entry, 'released');
    try {
      await entry.handle();
    } catch (error) {
      failed('event handler', error);
      const count = tries.failed(entry.id);
      if (count < maxTries) return giveBack(lane, entry, count);
      tries.forget(entry.id);
      await giveUp(entry, error);
      return finish(entry, 'rejected');
    }
    tries.forget(entry.id);
    if (entry.proves) handled += 1;
    return finish(entry, 'accepted');
  }

  async function giveUp(entry: Entry, error: unknown): Promise<void> {
    try {
      await entry.giveUp(error);
    } catch (another) {
      failed('handler of poisoned events', another);
    }
  }

  function giveBack(lane: Lane, entry: Entry, count: number): void {
    const back = [entry, ...lane.entries.splice(0)];
    for (const each of back) finish(each, 'released');
    if (closed) return;
    const pauseMs = Math.min(options.firstPauseMs * 2 ** (count - 1), options.maxPauseMs);
    lane.pause = {
      handledBefore: handled,
      order: new Map(back.map(({ id }, index) => [id, index])),
      disarm: clock.at(later(clock.monotonic(), pauseMs), () => resume(lane)),
    };
    paused.add(lane);
    const [longest] = paused;
    if (paused.size > maxPaused && longest) resume(longest);
  }

  function resume(lane: Lane): void {
    const { pause } = lane;
    if (!pause) return;
    pause.disarm();
    paused.delete(lane);
    lane.pause = undefined;
    // Not every network puts back in order what it was given back.
    const placeOf = ({ id }: Entry): number => pause.order.get(id) ?? Number.MAX_SAFE_INTEGER;
    lane.entries.sort((one, other) => placeOf(one) - placeOf(other));
    // Where it failed just now, it is still running.
    if (!lane.running) start(lane);
  }

  /** What waits takes no credit, or else what cannot be handled would stop what can. */
  function hold(entry: Entry): void {
    if (held >= maxHeld) return makeRoom();
    held += 1;
    entry.held = true;
    entry.delivery.hold();
  }

  /**
   * The pause ends early of the lane in which most waits: its message is handled or given up the sooner. But not while nothing at all can be
   * handled, when the fault is not the message's.
   */
  function makeRoom(): void {
    let fullest: Lane | undefined;
    for (const lane of paused) {
      if (!lane.pause || lane.pause.handledBefore === handled) continue;
      if (lane.entries.length > (fullest?.entries.length ?? 0)) fullest = lane;
    }
    if (fullest) resume(fullest);
    else if (fullAt !== handled) {
      fullAt = handled;
      options.full?.();
    }
  }

  return {
    add: (work) =>
      new Promise((settle) => {
        if (closed) {
          settle('released');
          return;
        }
        const lane = lanes.get(work.lane) ?? {
          name: work.lane,
          entries: [],
          running: false,
          pause: undefined,
        };
        lanes.set(work.lane, lane);
        const entry: Entry = { ...work, held: false, settle };
        lane.entries.push(entry);
        if (lane.pause) hold(entry);
        else if (!lane.running) start(lane);
      }),
    prune() {
      for (const lane of lanes.values()) {
        const [gone, there] = [true, false].map((is) =>
          lane.entries.filter(({ delivery }) => delivery.gone() === is),
        );
        lane.entries = there ?? [];
        for (const entry of gone ?? []) finish(entry, 'released');
      }
    },
    close() {
      closed = true;
      for (const lane of paused) lane.pause?.disarm();
      for (const lane of lanes.values())
        for (const entry of lane.entries.splice(0)) finish(entry, 'released');
      paused.clear();
      ready.clear();
      lanes.clear();
    },
  };
}

import type { ReceivedDelivery, Settlement } from '@rollcall/amqp-connection/links';
import { later, type Clock } from '@rollcall/core/environment';
import { createTries, type Tries } from './tries.ts';

/** A message, and how to handle it. */
interface Work {
  /** Messages of one lane keep their order. */
  readonly lane: string;
  /** The same whenever the message comes again. */
  readonly id: string;
  readonly delivery: ReceivedDelivery;
  /** Whether its success shows that handlers work: a message that no handler looks at always succeeds. */
  readonly proves: boolean;
  /** Throws, or rejects, if the message must be tried again. */
  handle(): void | Promise<void>;
  /** Called once the message was tried often enough. */
  giveUp(error: unknown): void | Promise<void>;
}

export interface LanesOptions {
  readonly clock: Clock;
  /** How many messages are handled at a time. */
  readonly maxRunning: number;
  /** After how many failures a message is given up. */
  readonly maxTries: number;
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  /** Called with each error that is thrown. */
  failed(where: string, error: unknown): void;
  /** Called when no more is received before a pause ends; once, until a message is handled again. */
  full?(): void;
}

interface Entry extends Work {
  /** Whether it waits beside the credit of its link. */
  held: boolean;
  settle(settlement: Settlement): void;
}

/** The messages of one device. A lane without messages is forgotten, unless it pauses. */
interface Lane {
  readonly name: string;
  entries: Entry[];
  state: LaneState;
}

/**
 *     ready ── its turn comes ──▶ handling ── message done, more wait ──▶ ready
 *     handling ── message failed ──▶ pausing ── time is over, or room is needed ──▶ ready
 */
type LaneState =
  /** It waits for its turn. */
  | { readonly phase: 'ready' }
  /** A message of it is being handled. */
  | { readonly phase: 'handling' }
  /** Its first message failed: that one, and all after it, were released. */
  | Pause;

interface Pause {
  readonly phase: 'pausing';
  disarm(): void;
  /** How many messages had been handled when it began. */
  readonly handledBefore: number;
  /** Places of the released messages, by id. */
  readonly order: ReadonlyMap<string, number>;
}

/** How many messages may wait for the end of a pause without using credit. Together with the credit, they fit in a session. */
const maxHeld = 1_000;
const maxPausing = 10_000;
const maxRemembered = 100_000;

/**
 * Handles messages of different lanes at the same time, and those of one lane one after another. A message that fails is released
 * at once, together with those that wait after it: the network sends them again, here or to another consumer. Meanwhile the lane pauses
 * here, longer with each failure, and the other lanes go on.
 */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  /** In the order in which their pauses began. */
  readonly #pausing = new Set<Lane>();
  /** In the order of their turns. */
  readonly #ready = new Set<Lane>();
  readonly #tries: Tries = createTries(maxRemembered);
  #running = 0;
  #held = 0;
  #handled = 0;
  /** How many messages had been handled when `full` was last called. */
  #handledWhenFull: number | undefined;
  #closed = false;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** @returns how to settle the message. */
  add(work: Work): Promise<Settlement> {
    if (this.#closed) return Promise.resolve('released');
    return new Promise((settle) => {
      const entry: Entry = { ...work, held: false, settle };
      const lane = this.#lanes.get(work.lane);
      if (!lane) return this.#open(work.lane, entry);
      lane.entries.push(entry);
      if (lane.state.phase === 'pausing') this.#hold(entry);
    });
  }

  /** A link was lost: drops its messages, which the network sends again. */
  prune(): void {
    for (const lane of this.#lanes.values()) {
      const there: Entry[] = [];
      const gone: Entry[] = [];
      for (const entry of lane.entries) (entry.delivery.gone() ? gone : there).push(entry);
      lane.entries = there;
      for (const entry of gone) this.#settle(entry, 'released');
    }
  }

  /** Begins nothing more. */
  close(): void {
    this.#closed = true;
    for (const lane of this.#lanes.values()) {
      if (lane.state.phase === 'pausing') lane.state.disarm();
      for (const entry of lane.entries.splice(0)) this.#settle(entry, 'released');
    }
    this.#pausing.clear();
    this.#ready.clear();
    this.#lanes.clear();
  }

  #open(name: string, first: Entry): void {
    const lane: Lane = { name, entries: [first], state: { phase: 'ready' } };
    this.#lanes.set(name, lane);
    this.#queue(lane);
  }

  #settle(entry: Entry, settlement: Settlement): void {
    if (entry.held) this.#held -= 1;
    entry.settle(settlement);
  }

  #queue(lane: Lane): void {
    lane.state = { phase: 'ready' };
    this.#ready.add(lane);
    this.#dispatch();
  }

  #dispatch(): void {
    for (const lane of this.#ready) {
      if (this.#running >= this.#options.maxRunning) return;
      this.#ready.delete(lane);
      this.#running += 1;
      void this.#handleFirst(lane);
    }
  }

  async #handleFirst(lane: Lane): Promise<void> {
    lane.state = { phase: 'handling' };
    const entry = lane.entries.shift();
    const isDone = !entry || (await this.#handle(lane, entry));
    this.#running -= 1;
    if (!isDone) this.#dispatch();
    else if (lane.entries.length > 0) this.#queue(lane);
    else {
      this.#lanes.delete(lane.name);
      this.#dispatch();
    }
  }

  /** @returns whether the lane may go on: `false` if it pauses. */
  async #handle(lane: Lane, entry: Entry): Promise<boolean> {
    if (this.#closed || entry.delivery.gone()) return this.#done(entry, 'released');
    try {
      await entry.handle();
    } catch (error) {
      this.#options.failed('event handler', error);
      const failures = this.#tries.failed(entry.id);
      if (failures < this.#options.maxTries) {
        this.#giveBack(lane, entry, failures);
        return false;
      }
      this.#tries.forget(entry.id);
      await this.#giveUp(entry, error);
      return this.#done(entry, 'rejected');
    }
    this.#tries.forget(entry.id);
    if (entry.proves) this.#handled += 1;
    return this.#done(entry, 'accepted');
  }

  #done(entry: Entry, settlement: Settlement): true {
    this.#settle(entry, settlement);
    return true;
  }

  async #giveUp(entry: Entry, error: unknown): Promise<void> {
    try {
      await entry.giveUp(error);
    } catch (another) {
      this.#options.failed('handler of poisoned events', another);
    }
  }

  #giveBack(lane: Lane, entry: Entry, failures: number): void {
    const { clock, firstPauseMs, maxPauseMs } = this.#options;
    const back = [entry, ...lane.entries.splice(0)];
    for (const each of back) this.#settle(each, 'released');
    if (this.#closed) return;
    const pauseMs = Math.min(firstPauseMs * 2 ** (failures - 1), maxPauseMs);
    lane.state = {
      phase: 'pausing',
      handledBefore: this.#handled,
      order: new Map(back.map(({ id }, index) => [id, index])),
      disarm: clock.at(later(clock.monotonic(), pauseMs), () => this.#resume(lane)),
    };
    this.#pausing.add(lane);
    const [longest] = this.#pausing;
    if (this.#pausing.size > maxPausing && longest) this.#resume(longest);
  }

  #resume(lane: Lane): void {
    const { state } = lane;
    if (state.phase !== 'pausing') return;
    state.disarm();
    this.#pausing.delete(lane);
    // Not every network sends released messages in their first order.
    const placeOf = ({ id }: Entry): number => state.order.get(id) ?? Number.MAX_SAFE_INTEGER;
    lane.entries.sort((one, other) => placeOf(one) - placeOf(other));
    this.#queue(lane);
  }

  /** Lets a message wait without using credit: otherwise messages that cannot be handled would stop those that can. */
  #hold(entry: Entry): void {
    if (this.#held >= maxHeld) return this.#makeRoom();
    this.#held += 1;
    entry.held = true;
    return entry.delivery.hold();
  }

  /**
   * Ends the pause of the lane in which most messages wait, so that its first one is handled or given up sooner. Not if no message
   * was handled since that pause began: then the message may not be at fault.
   */
  #makeRoom(): void {
    let fullest: Lane | undefined;
    for (const lane of this.#pausing) {
      const { state } = lane;
      if (state.phase !== 'pausing' || state.handledBefore === this.#handled) continue;
      if (lane.entries.length > (fullest?.entries.length ?? 0)) fullest = lane;
    }
    if (fullest) this.#resume(fullest);
    else if (this.#handledWhenFull !== this.#handled) {
      this.#handledWhenFull = this.#handled;
      this.#options.full?.();
    }
  }
}

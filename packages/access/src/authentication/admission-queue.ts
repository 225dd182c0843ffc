import { AsyncResource } from 'node:async_hooks';
import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import { WaitingLine, type InLine } from './waiting-line.ts';

export interface AdmissionLimits {
  /** Devices that are let through at a time. */
  readonly maxRunning: number;
  /** Devices that may wait. */
  readonly maxWaiting: number;
  /** Longest wait. */
  readonly maxWaitMs: number;
}

interface Waiting extends InLine {
  readonly since: Instant;
  readonly place: WaitingPlace;
  readonly gone: () => boolean;
  start(): void;
  refuse(): void;
}

/** Where a device waits. */
export interface WaitingPlace {
  /** Those of one group move together, see {@link AdmissionQueue.regroup}. */
  readonly group: string;
  /** The queue to wait in, asked for again when its group moves. */
  queueOf(): string;
}

/** Devices let through in one turn of the event loop: between two turns, those that are connected are served. */
const perTurn = 20;

/**
 * Where devices wait that all come at once: a bound on what a storm of connects may use. With no storm there is no queue: each
 * device is let through at once.
 */
export class AdmissionQueue {
  readonly #clock: Clock;
  readonly #limits: AdmissionLimits;
  /** Queues in the order of their turns. A Map keeps the order of insertion. */
  readonly #queues = new Map<string, WaitingLine<Waiting>>();
  /** Who waits, in the order in which they came. */
  readonly #groups = new Map<string, Set<Waiting>>();
  #waiting = 0;
  #running = 0;
  #startedInTurn = 0;
  /** Armed while a device waits. */
  #disarm: (() => void) | undefined;

  constructor(clock: Clock, limits: AdmissionLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Runs `work` when its turn comes: queues take turns, and each is first in, first out. `busy` where it cannot be had in
   * time, or where all places are taken and its queue has its share of them.
   *
   * @param gone whether the device hung up: there is no one to do it for.
   */
  admit<Result>(
    place: WaitingPlace,
    work: () => Promise<Result>,
    gone = (): boolean => false,
  ): Promise<Result | 'busy'> {
    if (this.#waiting === 0 && this.#mayStart()) return this.#run(work);
    const key = place.queueOf();
    if (this.#waiting >= this.#limits.maxWaiting && !this.#makeRoomFor(key)) return Promise.resolve('busy');
    // Its turn comes with the end of another's work; what goes wrong then is still its own.
    const asNow = new AsyncResource('WaitingLogin');
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        line: undefined,
        since: this.#clock.monotonic(),
        place,
        gone,
        start: () => asNow.runInAsyncScope(() => void this.#run(work).then(resolve, reject)),
        refuse: () => resolve('busy'),
      };
      this.#enqueue(key, entry);
      const group = this.#groups.get(place.group);
      if (group) group.add(entry);
      else this.#groups.set(place.group, new Set([entry]));
      this.#waiting += 1;
      this.#disarm ??= this.#refuseLateAt(later(this.#clock.monotonic(), this.#limits.maxWaitMs));
    });
  }

  /**
   * Lets one through for whom there is nothing to do: it takes no place, and counts among those of this turn.
   *
   * @returns whether it may go on; else it must wait as others do.
   */
  letThrough(): boolean {
    if (this.#waiting > 0 || !this.#mayStart()) return false;
    this.#countStart();
    return true;
  }

  /**
   * Asks every device of this group which queue it belongs to now; they keep their order. It costs nothing for any others that
   * wait: in a storm there may be thousands, of as many groups.
   */
  regroup(group: string): void {
    for (const entry of this.#groups.get(group) ?? []) {
      const key = entry.place.queueOf();
      if (key === entry.line?.name) continue;
      this.#leaveLine(entry);
      this.#enqueue(key, entry);
    }
  }

  #mayStart(): boolean {
    return this.#running < this.#limits.maxRunning && this.#startedInTurn < perTurn;
  }

  #run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#countStart();
    this.#running += 1;
    return work().finally(() => {
      this.#running -= 1;
      this.#pump();
    });
  }

  /** Counts a start, and lets others follow in the next turn of the event loop. */
  #countStart(): void {
    this.#startedInTurn += 1;
    if (this.#startedInTurn > 1) return;
    setImmediate(() => {
      this.#startedInTurn = 0;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#waiting > 0 && this.#mayStart()) this.#takeNext()?.start();
    if (this.#waiting > 0) return;
    this.#disarm?.();
    this.#disarm = undefined;
  }

  #takeNext(): Waiting | undefined {
    for (const [key, queue] of this.#queues) {
      const next = queue.first;
      this.#queues.delete(key);
      if (next === undefined) continue;
      this.#leave(next);
      if (queue.length > 0) this.#queues.set(key, queue);
      // The device hung up; there is no one to answer.
      if (!next.gone()) return next;
      next.refuse();
    }
    return undefined;
  }

  #enqueue(key: string, entry: Waiting): void {
    const queue = this.#queues.get(key);
    if (queue) return queue.push(entry);
    const created = new WaitingLine<Waiting>(key);
    created.push(entry);
    this.#queues.set(key, created);
  }

  #leaveLine(entry: Waiting): void {
    const { line } = entry;
    line?.leave(entry);
    if (line?.length === 0) this.#queues.delete(line.name);
  }

  /** It waits no more. */
  #leave(entry: Waiting): void {
    this.#leaveLine(entry);
    const group = this.#groups.get(entry.place.group);
    if (group?.delete(entry) && group.size === 0) this.#groups.delete(entry.place.group);
    this.#waiting -= 1;
  }

  /**
   * With all places taken, a device whose queue has less than its share gets the last place of the longest one: the storm of one
   * tenant must not turn away another's devices.
   */
  #makeRoomFor(key: string): boolean {
    const own = this.#queues.get(key)?.length ?? 0;
    const sharers = own > 0 ? this.#queues.size : this.#queues.size + 1;
    if (own + 1 > this.#limits.maxWaiting / sharers) return false;
    let longest: WaitingLine<Waiting> | undefined;
    for (const queue of this.#queues.values()) if (queue.length > (longest?.length ?? 0)) longest = queue;
    const last = longest?.last;
    if (!last) return false;
    this.#leave(last);
    last.refuse();
    return true;
  }

  #refuseLateAt(at: Instant): () => void {
    return this.#clock.at(at, () => {
      this.#disarm = undefined;
      this.#refuseLate();
    });
  }

  #refuseLate(): void {
    const due = later(this.#clock.monotonic(), -this.#limits.maxWaitMs);
    let oldest: Instant | undefined;
    for (const [key, queue] of this.#queues) {
      let { first } = queue;
      for (; first && first.since <= due; { first } = queue) {
        this.#leave(first);
        first.refuse();
      }
      if (!first) this.#queues.delete(key);
      else if (oldest === undefined || first.since < oldest) oldest = first.since;
    }
    if (oldest !== undefined) this.#disarm = this.#refuseLateAt(later(oldest, this.#limits.maxWaitMs));
  }
}

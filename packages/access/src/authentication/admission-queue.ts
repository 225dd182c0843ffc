import { AsyncLocalStorage } from 'node:async_hooks';
import { later, type Clock, type Instant } from '@rollcall/core';

export interface AdmissionLimits {
  /** Devices that are let through at a time. */
  readonly maxRunning: number;
  /** Devices that may wait. */
  readonly maxWaiting: number;
  /** Longest wait. */
  readonly maxWaitMs: number;
}

/** Where devices wait that all come at once. */
export interface AdmissionQueue {
  /**
   * Runs `work` when its turn comes: queues take turns, and each is first in, first out. `busy` where it cannot be had in
   * time, or where all places are taken and its queue has its share of them. `gone` says whether there is still somebody
   * to do it for.
   *
   * @param queueOf the queue to wait in, asked for again by {@link regroup}.
   */
  admit<Result>(
    queueOf: () => string,
    work: () => Promise<Result>,
    gone?: () => boolean,
  ): Promise<Result | 'busy'>;
  /** Asks everybody in this queue which one they belong to by now; they keep their order. */
  regroup(queue: string): void;
  readonly waiting: number;
}

interface Waiting {
  readonly since: Instant;
  readonly queueOf: () => string;
  readonly gone: () => boolean;
  start(): void;
  refuse(): void;
}

/** Devices let through in one turn of the event loop: between two turns, those that are connected are served. */
const perTurn = 20;

/**
 * A bound on what a storm of connects may use. With no storm there is no queue: whoever comes is let through at once.
 */
export function createAdmissionQueue(clock: Clock, limits: AdmissionLimits): AdmissionQueue {
  /** Queues in the order of their turns. A Map keeps the order of insertion. */
  const queues = new Map<string, Waiting[]>();
  let waiting = 0;
  let running = 0;
  let startedInTurn = 0;
  let nextTurn: NodeJS.Immediate | undefined;
  let disarm: (() => void) | undefined;

  function mayStart(): boolean {
    return running < limits.maxRunning && startedInTurn < perTurn;
  }

  /** Counts whoever starts, and lets others follow in the next turn. */
  function countStart(): void {
    running += 1;
    startedInTurn += 1;
    nextTurn ??= setImmediate(() => {
      nextTurn = undefined;
      startedInTurn = 0;
      pump();
    });
  }

  function pump(): void {
    while (waiting > 0 && mayStart()) takeNext()?.start();
    if (waiting > 0) return;
    disarm?.();
    disarm = undefined;
  }

  function takeNext(): Waiting | undefined {
    for (const [key, queue] of queues) {
      const next = queue.shift();
      queues.delete(key);
      if (queue.length > 0) queues.set(key, queue);
      if (next === undefined) continue;
      waiting -= 1;
      // The device hung up; there is no one to answer.
      if (!next.gone()) return next;
      next.refuse();
    }
    return undefined;
  }

  function enqueue(key: string, entry: Waiting): void {
    const queue = queues.get(key);
    if (queue) queue.push(entry);
    else queues.set(key, [entry]);
  }

  /**
   * With all places taken, whoever belongs to a queue that has less than its share gets the last place of the longest one: the
   * storm of one tenant must not turn away another's devices.
   */
  function makeRoomFor(key: string): boolean {
    const own = queues.get(key)?.length ?? 0;
    const sharers = own > 0 ? queues.size : queues.size + 1;
    if (own + 1 > limits.maxWaiting / sharers) return false;
    let longest: Waiting[] = [];
    for (const queue of queues.values()) if (queue.length > longest.length) longest = queue;
    const last = longest.pop();
    if (!last) return false;
    waiting -= 1;
    last.refuse();
    return true;
  }

  function refuseLate(): void {
    disarm = undefined;
    const due = later(clock.monotonic(), -limits.maxWaitMs);
    let oldest: Instant | undefined;
    for (const [key, queue] of queues) {
      while (queue[0] && queue[0].since <= due) {
        waiting -= 1;
        queue.shift()?.refuse();
      }
      const first = queue[0];
      if (!first) queues.delete(key);
      else if (oldest === undefined || first.since < oldest) oldest = first.since;
    }
    if (oldest !== undefined) disarm = clock.at(later(oldest, limits.maxWaitMs), refuseLate);
  }

  return {
    admit(queueOf, work, gone = () => false) {
      const run = (): ReturnType<typeof work> => {
        countStart();
        return work().finally(() => {
          running -= 1;
          pump();
        });
      };
      if (waiting === 0 && mayStart()) return run();
      const key = queueOf();
      if (waiting >= limits.maxWaiting && !makeRoomFor(key)) return Promise.resolve('busy');
      // Whose turn it is learns of others' ends; what goes wrong then is its own all the same.
      const asNow = AsyncLocalStorage.snapshot();
      return new Promise((resolve, reject) => {
        enqueue(key, {
          since: clock.monotonic(),
          queueOf,
          gone,
          start: () => asNow(() => void run().then(resolve, reject)),
          refuse: () => resolve('busy'),
        });
        waiting += 1;
        disarm ??= clock.at(later(clock.monotonic(), limits.maxWaitMs), refuseLate);
      });
    },
    regroup(queue) {
      const entries = queues.get(queue) ?? [];
      queues.delete(queue);
      for (const entry of entries) enqueue(entry.queueOf(), entry);
    },
    get waiting() {
      return waiting;
    },
  };
}

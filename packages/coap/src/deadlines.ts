import type { CoapClock } from './coap-clock.ts';
import { throwOn } from './throw-on.ts';

/** Something that is due at a time. Belongs to one {@link Deadlines}. */
export interface Deadline {
  dueAt: number;
  /** Where it stands among the others; -1 while it is not set. */
  place: number;
  readonly wake: (now: number) => void;
}

/** Many deadlines on one timer, which is not touched when a deadline is met early: the rule, where requests are answered in time. */
export interface Deadlines {
  /** Sets a deadline, or moves it. */
  set(deadline: Deadline, dueAt: number): void;
  clear(deadline: Deadline): void;
  readonly size: number;
  /** Forgets all of them, and its timer. */
  close(): void;
}

export function createDeadline(wake: (now: number) => void): Deadline {
  return { dueAt: 0, place: -1, wake };
}

/** @param onError told of what a deadline threw: the others are met all the same. */
export function createDeadlines(clock: CoapClock, onError: (error: unknown) => void = throwOn): Deadlines {
  /** A binary heap: nobody is due before its parent. */
  const heap: Deadline[] = [];
  let disarm = (): void => {};
  let armedFor = Infinity;

  function put(deadline: Deadline, place: number): void {
    heap[place] = deadline;
    deadline.place = place;
  }

  function rise(deadline: Deadline, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.dueAt <= deadline.dueAt) break;
      put(parent, place);
      place = above;
    }
    put(deadline, place);
  }

  function sink(deadline: Deadline, from: number): void {
    let place = from;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const child = right !== undefined && left !== undefined && right.dueAt < left.dueAt ? right : left;
      if (child === undefined || child.dueAt >= deadline.dueAt) break;
      const below = child.place;
      put(child, place);
      place = below;
    }
    put(deadline, place);
  }

  function clear(deadline: Deadline): void {
    const { place } = deadline;
    if (place === -1) return;
    deadline.place = -1;
    const last = heap.pop();
    if (last === undefined || last === deadline) return;
    if (last.dueAt < deadline.dueAt) rise(last, place);
    else sink(last, place);
  }

  function arm(): void {
    const [first] = heap;
    if (first === undefined || first.dueAt >= armedFor) return;
    disarm();
    armedFor = first.dueAt;
    disarm = clock.at(armedFor, ring);
  }

  function wakeOne(deadline: Deadline, now: number): void {
    try {
      deadline.wake(now);
    } catch (error) {
      onError(error);
    }
  }

  function ring(): void {
    armedFor = Infinity;
    const now = clock.monotonic();
    try {
      for (let [first] = heap; first !== undefined && first.dueAt <= now; [first] = heap) {
        clear(first);
        wakeOne(first, now);
      }
    } finally {
      arm();
    }
  }

  return {
    set(deadline, dueAt) {
      clear(deadline);
      deadline.dueAt = dueAt;
      rise(deadline, heap.length);
      arm();
    },
    clear,
    get size() {
      return heap.length;
    },
    close() {
      for (const deadline of heap.splice(0)) deadline.place = -1;
      disarm();
      armedFor = Infinity;
    },
  };
}

import type { CoapClock } from './coap-clock.ts';
import { throwOn } from './throw-on.ts';

/** Something that is due at a time. Belongs to one {@link Deadlines}. */
export interface Deadline {
  dueAt: number;
  /** Its index in the heap; -1 while it is not set. */
  place: number;
  readonly wake: (now: number) => void;
}

/** Many deadlines on one timer. Clearing one does not touch the timer: most are cleared, since most requests are answered in time. */
export interface Deadlines {
  /** Sets a deadline, or moves it. */
  set(deadline: Deadline, dueAt: number): void;
  clear(deadline: Deadline): void;
  readonly size: number;
  /** Clears all of them, and the timer. */
  close(): void;
}

export function createDeadline(wake: (now: number) => void): Deadline {
  return { dueAt: 0, place: -1, wake };
}

/** @param onError gets what a deadline threw. The others are met nevertheless. */
export function createDeadlines(clock: CoapClock, onError: (error: unknown) => void = throwOn): Deadlines {
  return new HeapOfDeadlines(clock, onError);
}

class HeapOfDeadlines implements Deadlines {
  readonly #clock: CoapClock;
  readonly #onError: (error: unknown) => void;
  readonly #heap: Heap = [];
  #armedFor = Infinity;
  #disarm = (): void => {};

  constructor(clock: CoapClock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  get size(): number {
    return this.#heap.length;
  }

  set(deadline: Deadline, dueAt: number): void {
    remove(this.#heap, deadline);
    deadline.dueAt = dueAt;
    rise(this.#heap, deadline, this.#heap.length);
    this.#arm();
  }

  clear(deadline: Deadline): void {
    remove(this.#heap, deadline);
  }

  close(): void {
    for (const deadline of this.#heap.splice(0)) deadline.place = -1;
    this.#disarm();
    this.#armedFor = Infinity;
  }

  #arm(): void {
    const [first] = this.#heap;
    if (first === undefined || first.dueAt >= this.#armedFor) return;
    this.#disarm();
    this.#armedFor = first.dueAt;
    this.#disarm = this.#clock.at(first.dueAt, () => this.#ring());
  }

  #ring(): void {
    this.#armedFor = Infinity;
    const now = this.#clock.monotonic();
    try {
      for (let [first] = this.#heap; first !== undefined && first.dueAt <= now; [first] = this.#heap) {
        remove(this.#heap, first);
        this.#wake(first, now);
      }
    } finally {
      this.#arm();
    }
  }

  #wake(deadline: Deadline, now: number): void {
    try {
      deadline.wake(now);
    } catch (error) {
      this.#onError(error);
    }
  }
}

/** A binary heap: no deadline is due before its parent, and the first one is due first. */
type Heap = Deadline[];

function put(heap: Heap, deadline: Deadline, place: number): void {
  heap[place] = deadline;
  deadline.place = place;
}

/** Puts a deadline at `from`, or nearer to the root. */
function rise(heap: Heap, deadline: Deadline, from: number): void {
  let place = from;
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || parent.dueAt <= deadline.dueAt) break;
    put(heap, parent, place);
    place = above;
  }
  put(heap, deadline, place);
}

/** Puts a deadline at `from`, or farther from the root. */
function sink(heap: Heap, deadline: Deadline, from: number): void {
  let place = from;
  for (;;) {
    const left = heap[2 * place + 1];
    const right = heap[2 * place + 2];
    const child = right !== undefined && left !== undefined && right.dueAt < left.dueAt ? right : left;
    if (child === undefined || child.dueAt >= deadline.dueAt) break;
    const below = child.place;
    put(heap, child, place);
    place = below;
  }
  put(heap, deadline, place);
}

function remove(heap: Heap, deadline: Deadline): void {
  const { place } = deadline;
  if (place === -1) return;
  deadline.place = -1;
  const last = heap.pop();
  if (last === undefined || last === deadline) return;
  if (last.dueAt < deadline.dueAt) rise(heap, last, place);
  else sink(heap, last, place);
}

/** What a device hears that connects with what it knows. */
export type Outcome = 'accepted' | 'refused' | 'disabled' | 'unavailable';

interface State {
  readonly outcome: Exclude<Outcome, 'unavailable'>;
  /** When it began to be true: no later than this. */
  readonly from: number;
  /** When it was surely not true any more; `undefined`: it is. */
  until: number | undefined;
}

/** How long an adapter keeps what the registry says of a device; all else it keeps for longer. */
const deviceIsKeptForMs = 300_000;

/** What is true of one device, over time. Changes are told before they are asked for, and when they are answered. */
export class DeviceTruth {
  readonly #states: State[] = [];
  /** When the adapter learned the last of what it needs to let the device in. */
  #learnedAt = -Infinity;

  constructor(outcome: State['outcome'], now: number) {
    this.#states.push({ outcome, from: now, until: undefined });
  }

  get now(): State['outcome'] {
    return this.#states.at(-1)?.outcome ?? 'refused';
  }

  /** A change is asked for. The result is called when it was answered. */
  change(outcome: State['outcome'], now: number): (now: number) => void {
    const before = this.#states.at(-1);
    this.#learnedAt = -Infinity;
    this.#states.push({ outcome, from: now, until: undefined });
    return (at) => {
      if (before) before.until = at;
      // What came in before that may have been kept, and dropped.
      this.#learnedAt = -Infinity;
    };
  }

  /** It connected. What the adapter had learned of it before makes no answer younger. */
  known(now: number): void {
    if (now - this.#learnedAt >= deviceIsKeptForMs) this.#learnedAt = now;
  }

  isKnown(now: number, keptForMs: number): boolean {
    return now - this.#learnedAt < keptForMs;
  }

  /**
   * By how many milliseconds what a device heard between two times was out of date; `undefined`: it was never true.
   */
  staleness(outcome: Outcome, begun: number): number | undefined {
    const ended = this.#states.filter((state) => state.outcome === outcome).map(({ until }) => until);
    if (ended.length === 0) return undefined;
    if (ended.includes(undefined)) return 0;
    return Math.max(0, begun - Math.max(...ended.map((until) => until ?? 0)));
  }
}

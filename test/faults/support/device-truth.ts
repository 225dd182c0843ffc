/** What a device hears that connects with what it knows. */
export type Outcome = 'accepted' | 'refused' | 'disabled' | 'unavailable';

interface State {
  readonly outcome: Exclude<Outcome, 'unavailable'>;
  /** When it began to be true: no later than this. */
  readonly from: number;
  /** When it was surely not true any more; `undefined`: it is. */
  until: number | undefined;
}

/** What is true of one device, over time. Changes are told before they are asked for, and when they are answered. */
export class DeviceTruth {
  readonly #states: State[] = [];
  /** When the adapter last learned all that it needs to let the device in. */
  #knownAt = -Infinity;

  constructor(outcome: State['outcome'], now: number) {
    this.#states.push({ outcome, from: now, until: undefined });
  }

  get now(): State['outcome'] {
    return this.#states.at(-1)?.outcome ?? 'refused';
  }

  /** A change is asked for. The result is called when it was answered. */
  change(outcome: State['outcome'], now: number): (now: number) => void {
    const before = this.#states.at(-1);
    this.#knownAt = -Infinity;
    this.#states.push({ outcome, from: now, until: undefined });
    return (at) => {
      if (before) before.until = at;
      // What came in before that may have been kept, and dropped.
      this.#knownAt = -Infinity;
    };
  }

  /** It connected, and its answers are kept. */
  known(now: number): void {
    this.#knownAt = now;
  }

  isKnown(now: number, keptForMs: number): boolean {
    return now - this.#knownAt < keptForMs;
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

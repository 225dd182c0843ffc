import { Problem } from './problem.ts';

/** Questions to the database that are answered at a time; others wait, and beyond that are refused. */
export interface Turns {
  /** @throws Problem where too many wait. */
  take<Result>(work: () => Promise<Result>): Promise<Result>;
  readonly waiting: number;
}

export function createTurns(maxRunning: number, maxWaiting: number): Turns {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function begin(): Promise<void> {
    if (running < maxRunning) {
      running += 1;
      return;
    }
    if (waiting.length >= maxWaiting)
      throw new Problem('busy', { detail: 'ask again in a moment', headers: { 'retry-after': '1' } });
    // Whoever ends hands its place on.
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function end(): void {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }

  return {
    async take(work) {
      await begin();
      try {
        return await work();
      } finally {
        end();
      }
    },
    get waiting() {
      return waiting.length;
    },
  };
}

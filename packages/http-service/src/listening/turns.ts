import { createFairQueue } from '@rollcall/core/sharing';

/** Questions to the database that are answered at a time; others wait, and beyond that are refused. */
export interface Turns {
  /**
   * Runs `work` when it is its turn: tenants take turns, and the questions about one are answered in the order they came.
   *
   * @throws what `busy` made, where too many wait, and those about this tenant are most of them.
   */
  take<Result>(tenant: string, work: () => Promise<Result>): Promise<Result>;
  readonly waiting: number;
}

interface Waiting {
  readonly tenant: string;
  begin(): void;
  refuse(busy: Error): void;
}

/** @param busy what whoever has to give way is told. */
export function createTurns(maxRunning: number, maxWaiting: number, busy: () => Error): Turns {
  let running = 0;
  const waiting = createFairQueue<Waiting>();

  async function begin(tenant: string): Promise<void> {
    if (running < maxRunning) {
      running += 1;
      return;
    }
    if (waiting.size >= maxWaiting) makeRoomFor(tenant);
    // Whoever ends hands its place on.
    await new Promise<void>((resolve, reject) =>
      waiting.push(tenant, { tenant, begin: resolve, refuse: reject }),
    );
  }

  /** The last question about the tenant with most of them gives way to one about another. @throws where none does. */
  function makeRoomFor(tenant: string): void {
    const last = waiting.lastOfLongest();
    if (!last || waiting.countOf(tenant) + 1 >= waiting.countOf(last.tenant)) throw busy();
    waiting.remove(last.tenant, last);
    last.refuse(busy());
  }

  function end(): void {
    const next = waiting.shift();
    if (next) next.begin();
    else running -= 1;
  }

  return {
    async take(tenant, work) {
      await begin(tenant);
      try {
        return await work();
      } finally {
        end();
      }
    },
    get waiting() {
      return waiting.size;
    },
  };
}

import { createFairQueue } from '@rollcall/core/sharing';

/** Runs a bounded number of database requests at a time. Others wait, also a bounded number; beyond that they are refused. */
export interface Turns {
  /**
   * Runs `work` when it is its turn. Tenants take turns, and the requests about one tenant run in their order.
   *
   * @throws the error of `busy` if too many requests wait, and this tenant has most of them.
   */
  take<Result>(tenant: string, work: () => Promise<Result>): Promise<Result>;
  readonly waiting: number;
}

interface Waiting {
  readonly tenant: string;
  begin(): void;
  refuse(busy: Error): void;
}

/** @param busy makes the error of a refused request. */
export function createTurns(maxRunning: number, maxWaiting: number, busy: () => Error): Turns {
  let running = 0;
  const waiting = createFairQueue<Waiting>();

  async function begin(tenant: string): Promise<void> {
    if (running < maxRunning) {
      running += 1;
      return;
    }
    if (waiting.size >= maxWaiting) makeRoomFor(tenant);
    // The next request gets the place of this one.
    await new Promise<void>((resolve, reject) =>
      waiting.push(tenant, { tenant, begin: resolve, refuse: reject }),
    );
  }

  /** Refuses the last waiting request about the tenant with most of them, to make room for another tenant. @throws if that is this tenant. */
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

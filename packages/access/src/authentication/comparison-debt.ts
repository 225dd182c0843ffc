import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type { PasswordVerifier } from '@rollcall/core/registry';

/** How long comparisons of secrets take, if each name that an address tries exists; see {@link createComparisonDebt}. */
export interface ComparisonDebt {
  /**
   * One more try from this address. Its comparison would take so many ms, with whatever waits before it; `undefined`: longer than
   * anybody is made to wait, and it is not counted.
   */
  add(address: string): number | undefined;
}

/** Of slow comparisons of one address, by how long each takes. */
const maxComparisons = 100;
/** The same in time: on a machine that is busy each takes long, and most clients wait for half a minute at most. */
const maxDueInMs = 10_000;
const maxAddresses = 10_000;

/**
 * Slow comparisons wait for each other, and for names that do not exist there is none: a stranger that tries ten secrets at once could
 * tell from the time of the answers whether the name exists. So the time is reckoned for all tries alike. It costs no device any
 * CPU, and only failures are told so late.
 */
export function createComparisonDebt(
  clock: Pick<Clock, 'monotonic'>,
  passwords: Pick<PasswordVerifier, 'load'>,
): ComparisonDebt {
  /** When all would be compared that an address tried, in the order of the latest try. A Map keeps the order of insertion. */
  const dueByAddress = new Map<string, Instant>();

  function forgetSome(now: Instant): void {
    for (const [address, due] of dueByAddress) {
      if (due > now && dueByAddress.size <= maxAddresses) return;
      dueByAddress.delete(address);
    }
  }

  return {
    add(address) {
      const { slowMs, others } = passwords.load?.(address) ?? { slowMs: 0, others: 0 };
      if (slowMs === 0) return 0;
      const now = clock.monotonic();
      const before = dueByAddress.get(address) ?? now;
      const waitMs = Math.max(0, before - now);
      // Those of other addresses take turns with it.
      const dueInMs = waitMs + slowMs * (1 + others);
      if (waitMs >= maxComparisons * slowMs || dueInMs > maxDueInMs) return undefined;
      dueByAddress.delete(address);
      dueByAddress.set(address, later(now, dueInMs));
      forgetSome(now);
      return dueInMs;
    },
  };
}

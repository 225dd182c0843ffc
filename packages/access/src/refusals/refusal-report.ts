import { createMinute } from '@rollcall/containment';
import type { Clock, Log } from '@rollcall/core/environment';
import { addressBlocks } from '@rollcall/core/sharing';
import { createFrequentTexts } from './frequent-texts.ts';

/** Says once a minute what is being refused, and from where. */
export interface RefusalReport {
  /**
   * @param cause a word of our code, never a peer's.
   * @param address IP address as the operating system says it. It is counted by its block.
   */
  refused(cause: string, address: string): void;
  stop(): void;
}

/** Blocks of addresses that are reported, and those that are counted to find them. */
const maxTold = 5;
const maxCounted = 64;

/**
 * Logs one line a minute while something is refused, so a stranger cannot make the log grow faster. What is
 * held does not depend on how many addresses there are; those that come most often are reported.
 *
 * @param what was refused, for the log, e.g. `DTLS`.
 */
export function createRefusalReport(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  what: string,
): RefusalReport {
  let causes: Record<string, number> = {};
  let blocks = createFrequentTexts(maxCounted);
  const minute = createMinute(clock, () => {
    const refused = Object.values(causes).reduce((sum, count) => sum + count, 0);
    const from = blocks.top(maxTold).map(([addresses, atLeast]) => ({ addresses, atLeast }));
    const facts = { refused, causes, from };
    causes = {};
    blocks = createFrequentTexts(maxCounted);
    log.warn(facts, `${what}: refused within a minute`);
  });

  return {
    refused(cause, address) {
      causes[cause] = (causes[cause] ?? 0) + 1;
      blocks.add(addressBlocks(address).near);
      minute.begin();
    },
    stop: () => minute.stop(),
  };
}

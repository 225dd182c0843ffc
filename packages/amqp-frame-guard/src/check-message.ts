import { isDescribedAs, sections } from './described-kinds.ts';
import type { GuardLimits } from './guard-limits.ts';
import { Malformed } from './malformed.ts';
import { walkValue } from './walk-value.ts';

/**
 * Whether a whole message may be decoded: only sections that AMQP knows, and no more values than the limits allow. A message that
 * comes in several transfers can be checked only as a whole.
 */
export function isSafeMessage(
  bytes: Uint8Array,
  { maxValues, maxDepth }: Pick<GuardLimits, 'maxValues' | 'maxDepth'>,
): boolean {
  try {
    const budget = { valuesLeft: maxValues, maxDepth };
    for (let at = 0; at < bytes.length;) {
      const start = at;
      at = walkValue(bytes, start, bytes.length, budget);
      if (!isDescribedAs(sections, bytes, start)) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

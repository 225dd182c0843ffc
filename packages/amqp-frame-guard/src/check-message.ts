import type { GuardLimits } from './guard-limits.ts';
import { Malformed } from './malformed.ts';
import { walkValue } from './walk-value.ts';

/**
 * Whether a whole message may be decoded: described sections one after the other, no more than the limits allow. For a message that
 * came in several transfers, whose parts nobody can look into.
 */
export function isSafeMessage(
  bytes: Uint8Array,
  { maxValues, maxDepth }: Pick<GuardLimits, 'maxValues' | 'maxDepth'>,
): boolean {
  try {
    const budget = { valuesLeft: maxValues, maxDepth };
    for (let at = 0; at < bytes.length;) {
      if (bytes[at] !== 0x00) return false;
      at = walkValue(bytes, at, bytes.length, budget);
    }
    return true;
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

import { isDescribedAs, sections, valueSection } from './described-kinds.ts';
import type { GuardLimits } from './guard-limits.ts';
import { Malformed } from './malformed.ts';
import { code } from './type-codes.ts';
import { walkValue } from './walk-value.ts';

/** What a message was found to be. `described`: its body is a value that has a descriptor of its own. */
export type MessageKind = 'plain' | 'described' | 'unsafe';

/**
 * Whether a whole message may be decoded: only sections that AMQP knows, and no more values than the limits allow. A message that
 * comes in several transfers can be checked only as a whole.
 */
export function messageKind(
  bytes: Uint8Array,
  { maxValues, maxDepth }: Pick<GuardLimits, 'maxValues' | 'maxDepth'>,
): MessageKind {
  try {
    const budget = { valuesLeft: maxValues, maxDepth };
    let kind: MessageKind = 'plain';
    for (let at = 0; at < bytes.length;) {
      const start = at;
      if (!isDescribedAs(sections, bytes, start)) return 'unsafe';
      const value = walkValue(bytes, start + 1, bytes.length, budget, 1);
      if (bytes[value] === code.described) {
        // Only a value may be of any kind (AMQP 1.0 §3.2.8).
        if (!isDescribedAs(valueSection, bytes, start)) return 'unsafe';
        kind = 'described';
      }
      at = walkValue(bytes, value, bytes.length, budget, 1);
    }
    return kind;
  } catch (error) {
    if (error instanceof Malformed) return 'unsafe';
    throw error;
  }
}

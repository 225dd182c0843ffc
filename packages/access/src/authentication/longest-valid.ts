import type { Timestamp } from '@rollcall/core';
import { isValidAt, type Validity } from '@rollcall/core/registry';

/** Of those that are valid now, the one that is so for longest. */
export function longestValid<Value extends Validity>(
  values: readonly Value[],
  now: Timestamp,
): Value | undefined {
  let longest: Value | undefined;
  for (const value of values)
    if (isValidAt(value, now) && (!longest || endOf(value) > endOf(longest))) longest = value;
  return longest;
}

function endOf({ notAfter }: Validity): number {
  return notAfter ?? Infinity;
}

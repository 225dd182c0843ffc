/**
 * Whether a value contains more than `maxValues` values, where each counts as often as it appears. A value that contains itself
 * does.
 */
export function isLargerThan(value: unknown, maxValues: number): boolean {
  const waiting: unknown[] = [value];
  let count = 0;
  for (let next = waiting.pop(); waiting.length > 0 || next !== undefined; next = waiting.pop()) {
    count += 1;
    if (count + waiting.length > maxValues) return true;
    if (typeof next === 'object' && next !== null)
      for (const each of Object.values(next))
        if (typeof each === 'object' && each !== null) waiting.push(each);
        else count += 1;
  }
  return count > maxValues;
}

/** Whether there are more than so many values in a value, each counted as often as it is there; of one that contains itself there are. */
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

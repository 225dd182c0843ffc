/** Removes the first entries of a map, in the order of insertion, and returns them. */
export function takeFirst<Key, Value>(map: Map<Key, Value>, count: number): (readonly [Key, Value])[] {
  const taken: (readonly [Key, Value])[] = [];
  for (const entry of map) {
    if (taken.length >= count) break;
    taken.push(entry);
    map.delete(entry[0]);
  }
  return taken;
}

/** Values that are found by any of their keys. */
export interface FiledSet<Value> {
  add(value: Value, keys: readonly string[]): void;
  /** `keys` as they were when it was added. */
  delete(value: Value, keys: readonly string[]): void;
  of(key: string): Iterable<Value>;
}

export function createFiledSet<Value extends object>(): FiledSet<Value> {
  /** Most keys have one value: a set for each would be the largest part of what a connection holds here. */
  const byKey = new Map<string, Value | Set<Value>>();

  function add(key: string, value: Value): void {
    const found = byKey.get(key);
    if (found === undefined) byKey.set(key, value);
    else if (found instanceof Set) found.add(value);
    else if (found !== value) byKey.set(key, new Set([found, value]));
  }

  function remove(key: string, value: Value): void {
    const found = byKey.get(key);
    if (found === value) byKey.delete(key);
    else if (found instanceof Set && found.delete(value) && found.size === 0) byKey.delete(key);
  }

  return {
    add(value, keys) {
      for (const key of keys) add(key, value);
    },
    delete(value, keys) {
      for (const key of keys) remove(key, value);
    },
    of(key) {
      const found = byKey.get(key);
      return found === undefined ? [] : found instanceof Set ? found : [found];
    },
  };
}

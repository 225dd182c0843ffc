/** Values that are found by any of their keys. */
export interface FiledSet<Value> {
  add(value: Value, keys: readonly string[]): void;
  /** `keys` as they were when it was added. */
  delete(value: Value, keys: readonly string[]): void;
  of(key: string): Iterable<Value>;
}

export function createFiledSet<Value>(): FiledSet<Value> {
  const byKey = new Map<string, Set<Value>>();
  return {
    add(value, keys) {
      for (const key of keys) {
        const values = byKey.get(key);
        if (values) values.add(value);
        else byKey.set(key, new Set([value]));
      }
    },
    delete(value, keys) {
      for (const key of keys) {
        const values = byKey.get(key);
        if (values?.delete(value) && values.size === 0) byKey.delete(key);
      }
    },
    of: (key) => byKey.get(key) ?? [],
  };
}

import { SplitMap } from '@rollcall/core/internal';
import { valuesOf, withoutValue, withValue } from './one-or-more.ts';

/** Values that are found by any of their keys. */
export interface FiledSet<Value> {
  add(value: Value, keys: readonly string[]): void;
  /** `keys` as they were when it was added. */
  delete(value: Value, keys: readonly string[]): void;
  of(key: string): Iterable<Value>;
}

export function createFiledSet<Value extends object>(): FiledSet<Value> {
  const byKey = new SplitMap<Value | Set<Value>>();

  return {
    add(value, keys) {
      for (const key of keys) byKey.set(key, withValue(byKey.get(key), value));
    },
    delete(value, keys) {
      for (const key of keys) {
        const left = withoutValue(byKey.get(key), value);
        if (left === undefined) byKey.delete(key);
        else byKey.set(key, left);
      }
    },
    of: (key) => valuesOf(byKey.get(key)),
  };
}

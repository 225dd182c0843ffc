/** Values of which there is mostly one: a set for each would be most of what such a place costs. `undefined`: none. */
export type OneOrMore<Value extends object> = Value | Set<Value> | undefined;

export function withValue<Value extends object>(of: OneOrMore<Value>, value: Value): Value | Set<Value> {
  if (of === undefined || of === value) return value;
  return of instanceof Set ? of.add(value) : new Set([of, value]);
}

export function withoutValue<Value extends object>(of: OneOrMore<Value>, value: Value): OneOrMore<Value> {
  if (of === value) return undefined;
  return of instanceof Set && of.delete(value) && of.size === 0 ? undefined : of;
}

export function isAmong<Value extends object>(of: OneOrMore<Value>, value: Value): boolean {
  return of === value || (of instanceof Set && of.has(value));
}

export function valuesOf<Value extends object>(of: OneOrMore<Value>): Iterable<Value> {
  return of === undefined ? [] : of instanceof Set ? of : [of];
}

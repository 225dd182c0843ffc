import { fullId } from '../wire/short-id.ts';
import type { ForeignValues } from './foreign-values.ts';

/** Reads a hash with one value for each instance: by short ids, without foreign values. */
export function readHash<Value>(
  flat: readonly unknown[],
  what: string,
  foreign: ForeignValues,
  read: (text: string, instance: string) => Value | undefined,
): ReadonlyMap<string, Value> {
  const all = new Map<string, Value>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const short = String(flat[at]);
    const instance = fullId(short);
    const value = instance === undefined ? undefined : read(String(flat[at + 1]), instance);
    if (value === undefined) foreign.found(what, `${short}: ${String(flat[at + 1])}`);
    else all.set(short, value);
  }
  return all;
}

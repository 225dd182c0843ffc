import type { Epoch } from '@rollcall/core';

const pattern = /^[0-9a-f]{16}$/;

/** `undefined`: the value is not an epoch. */
export function readEpoch(value: unknown): Epoch | undefined {
  return typeof value === 'string' && pattern.test(value) ? (value as Epoch) : undefined;
}

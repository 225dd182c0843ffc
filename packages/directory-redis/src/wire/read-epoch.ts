import type { Epoch } from '@rollcall/core';

const pattern = /^[0-9a-f]{16}$/;

/** `undefined`: what stands there is no epoch. */
export function readEpoch(value: unknown): Epoch | undefined {
  return typeof value === 'string' && pattern.test(value) ? (value as Epoch) : undefined;
}

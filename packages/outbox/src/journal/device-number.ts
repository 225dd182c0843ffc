import type { DeviceId } from '@rollcall/core';

/**
 * A number of 53 bits for a device of a tenant: a queue of a million events cannot afford to keep more about the device of each.
 * Two devices of a tenant have the same number once in some thousand million pairs. They then share a place in the order,
 * and their counts of left-out pairs are mixed, nothing more. A tenant that chooses such names harms only itself.
 * Journals store the number, so the function must never change.
 */
export function deviceNumber(device: DeviceId): number {
  // Two 32-bit FNV-1a sums of different starts, each mixed as in MurmurHash3's finalizer.
  let first = 0x811c9dc5;
  let second = 0x9747b28c;
  for (let index = 0; index < device.length; index++) {
    const unit = device.charCodeAt(index);
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit, 0x5bd1e995) ^ (second >>> 15);
  }
  return (mixed(second) >>> 11) * 2 ** 32 + (mixed(first) >>> 0);
}

function mixed(sum: number): number {
  let value = sum;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}

import type { DeviceId } from '@rollcall/core';
import { expect, test } from 'vitest';
import { deviceNumber } from './device-number.ts';

test('devices with similar names have different numbers, which fit in a double', () => {
  const names = new Set<string>();
  for (let index = 0; index < 20_000; index++)
    for (const name of [`device-${index}`, `${index}`, `d/${index}/a`, `${index.toString(16)}-${index % 7}`])
      names.add(name);
  const numbers = new Set([...names].map((name) => deviceNumber(name as DeviceId)));
  expect(numbers.size).toBe(names.size);
  for (const number of numbers) expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
});

test('the same name has the same number, and each of its characters counts', () => {
  const [one, same, other] = ['Gerät-1', 'Gerät-1', 'Geraet-1'].map((name) => deviceNumber(name as DeviceId));
  expect(one).toBe(same);
  expect(one).not.toBe(other);
});

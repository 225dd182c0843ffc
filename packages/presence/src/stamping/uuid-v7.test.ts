import { seededRandom } from '@rollcall/conformance';
import type { Timestamp } from '@rollcall/core';
import { expect, test } from 'vitest';
import { uuidV7 } from './uuid-v7.ts';

test('has the layout of RFC 9562 §5.7, with the time in front', () => {
  const at = 0x01a2_076f_1c2b as Timestamp;
  for (let seed = 0; seed < 200; seed++) {
    const id = uuidV7(at, seededRandom(seed));
    expect(id).toMatch(/^01a2076f-1c2b-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test('differs within one millisecond', () => {
  const random = seededRandom(7);
  const ids = Array.from({ length: 1_000 }, () => uuidV7(1 as Timestamp, random));
  expect(new Set(ids).size).toBe(1_000);
});

import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createMinuteGate } from './minute-gate.ts';

test('a gate lets the first line through, then one a minute, and says how many it held back', () => {
  const clock = new ManualClock();
  const gate = createMinuteGate(clock);
  expect(gate.pass()).toBe(0);
  expect(gate.pass()).toBeUndefined();
  clock.advance(59_999);
  expect(gate.pass()).toBeUndefined();
  clock.advance(1);
  expect(gate.pass()).toBe(2);
  expect(gate.pass()).toBeUndefined();
  clock.advance(600_000);
  expect(gate.pass()).toBe(1);
  expect(clock.armed).toBe(0);
});

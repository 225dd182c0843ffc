import { expect, test } from 'vitest';
import { noteWindowMs } from '../scripts/fragments.ts';
import { keepNotedSeconds, noteWindows } from './note-windows.ts';

const deadAfterMs = 10_000;
const keptMs = keepNotedSeconds(deadAfterMs) * 1_000;
const declaredAtMs = Date.parse('2026-11-23T12:00:00.000Z');
const windowOf = (ms: number): number => Math.floor(ms / noteWindowMs);

test.each([deadAfterMs, 2 * deadAfterMs])(
  'the windows of a death %i ms after the last sign of life begin before what waited then',
  (silentMs) => {
    const aliveAtMs = declaredAtMs - silentMs;
    const [first, last] = noteWindows({ aliveAtMs, declaredAtMs }, deadAfterMs);
    expect(first).toBeLessThan(windowOf(aliveAtMs - keptMs));
    expect(last).toBeGreaterThanOrEqual(windowOf(declaredAtMs + keptMs));
  },
);

test('those of a death a week after the last sign of life are few, and have all that has not expired', () => {
  const aliveAtMs = declaredAtMs - 7 * 24 * 3_600_000;
  const [first, last] = noteWindows({ aliveAtMs, declaredAtMs }, deadAfterMs);
  expect(first).toBeLessThan(windowOf(declaredAtMs - keptMs));
  expect(last - first).toBeLessThan(10);
});

import { seededRandom } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { ReplayWindow } from './replay-window.ts';

describe('the window against replays', () => {
  test('the window agrees with a list of all sequence numbers that came', () => {
    const random = seededRandom(1);
    for (let round = 0; round < 200; round++) {
      const window = new ReplayWindow();
      const came = new Set<number>();
      let newest = -1;
      for (let step = 0; step < 200; step++) {
        const spread = random.pick(4) === 0 ? 200 : 70;
        const sequence = Math.max(0, newest + 10 - random.pick(spread));
        const isFresh = sequence > newest || (newest - sequence < 64 && !came.has(sequence));
        expect(window.isFresh(sequence), `${sequence} after ${newest}`).toBe(isFresh);
        if (!isFresh) continue;
        expect(window.accept(sequence)).toBe(sequence > newest);
        came.add(sequence);
        newest = Math.max(newest, sequence);
      }
    }
  });

  test('the window holds for the largest sequence numbers', () => {
    const window = new ReplayWindow();
    const largest = 2 ** 48 - 1;
    window.accept(largest);
    expect([largest, largest - 1, largest - 63, largest - 64].map((each) => window.isFresh(each))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

import { expect, test } from 'vitest';
import { holdKey, maxHeldKeys, type HoldsKey } from './held-keys.ts';

/** A holder, as if a record had just been sealed with its key. */
function aHolder(): HoldsKey & { holds: boolean } {
  return {
    isUsed: true,
    holds: true,
    letGo() {
      this.holds = false;
    },
  };
}

function holdAll(count: number): (HoldsKey & { holds: boolean })[] {
  return Array.from({ length: count }, () => {
    const each = aHolder();
    holdKey(each);
    return each;
  });
}

test('no more keys are held than may be, however many associations become busy', () => {
  const all = holdAll(3 * maxHeldKeys);
  expect(all.filter(({ holds }) => holds)).toHaveLength(maxHeldKeys);
});

test('a holder whose key is in use keeps it, while others come that no longer use theirs', () => {
  const busy = aHolder();
  holdKey(busy);
  for (let round = 0; round < 3; round++) {
    for (const each of holdAll(maxHeldKeys / 2)) each.isUsed = false;
    busy.isUsed = true;
  }
  expect(busy.holds).toBe(true);
});

test('a holder that no longer uses its key lets it go', () => {
  const idle = aHolder();
  holdKey(idle);
  idle.isUsed = false;
  holdAll(maxHeldKeys);
  expect(idle.holds).toBe(false);
});

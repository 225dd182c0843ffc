import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { soon } from './soon.ts';

test('work that is asked for several times in one turn is done once, after the turn', async () => {
  let done = 0;
  const ask = soon(() => (done += 1));
  ask();
  ask();
  expect(done).toBe(0);
  await settled();
  expect(done).toBe(1);
});

test('work that asks for itself is done again in a later turn', async () => {
  let done = 0;
  const ask = soon(() => {
    done += 1;
    if (done < 2) ask();
  });
  ask();
  await settled();
  expect(done).toBe(2);
});

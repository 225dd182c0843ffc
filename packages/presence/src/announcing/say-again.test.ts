import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createSayAgain } from './say-again.ts';

test('each item is announced once, as soon as possible, unless it ends before', () => {
  const clock = new ManualClock();
  const said: string[] = [];
  let canSay = (_item: string): boolean => false;
  const again = createSayAgain<string>(clock, (item) => canSay(item) && said.push(item) > 0);
  for (const item of ['a', 'b', 'c']) again.add(item);
  clock.advance(5_000);
  again.remove('b');
  canSay = (item) => item === 'a';
  clock.advance(1_000);
  canSay = () => true;
  clock.advance(10_000);
  expect(said).toEqual(['a', 'c']);
  expect(clock.armed).toBe(0);
  again.add('d');
  again.stop();
  clock.advance(10_000);
  expect([said.length, clock.armed]).toEqual([2, 0]);
});

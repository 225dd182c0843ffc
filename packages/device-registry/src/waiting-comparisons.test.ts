import { expect, test } from 'vitest';
import { createWaitingComparisons } from './waiting-comparisons.ts';

const job = (owner: string, isSuspect = false) => ({ turn: { owner, isSuspect } });

test('trusted and suspect jobs are served in turn, beginning with a trusted one', () => {
  const waiting = createWaitingComparisons<ReturnType<typeof job>>();
  const [t1, t2, s1, s2] = [job('a'), job('a'), job('s', true), job('s', true)];
  for (const each of [s1, s2, t1, t2]) waiting.push(each);
  expect([waiting.next(), waiting.next(), waiting.next(), waiting.next()]).toEqual([t1, s1, t2, s2]);
  expect(waiting.next()).toBeUndefined();
  expect(waiting.size).toBe(0);
});

test('a suspect job gives way to a trusted newcomer, whichever owner has more of them', () => {
  const waiting = createWaitingComparisons<ReturnType<typeof job>>();
  const suspect = job('s', true);
  for (const each of [job('a'), job('a'), suspect]) waiting.push(each);
  expect(waiting.giveWayTo(job('a').turn)).toBe(suspect);
});

test('the last job of the owner with most of them gives way, but only to an owner with two fewer', () => {
  const waiting = createWaitingComparisons<ReturnType<typeof job>>();
  const last = job('a');
  for (const each of [job('a'), last, job('b')]) waiting.push(each);
  expect(waiting.giveWayTo(job('b').turn)).toBeUndefined();
  expect(waiting.giveWayTo(job('c').turn)).toBe(last);
  expect(waiting.size).toBe(2);
});

test('owners beside one are counted once as trusted and once as suspect', () => {
  const waiting = createWaitingComparisons<ReturnType<typeof job>>();
  for (const each of [job('a'), job('b'), job('b'), job('b', true)]) waiting.push(each);
  expect(waiting.ownersBeside('a')).toBe(2);
  expect(waiting.ownersBeside('b')).toBe(1);
});

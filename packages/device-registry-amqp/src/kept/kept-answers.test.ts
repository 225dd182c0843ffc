import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { KeptAnswers } from './kept-answers.ts';

function given(facts: { readonly maxEntries?: number; readonly maxBytes?: number } = {}) {
  const clock = new ManualClock();
  const answers = new KeptAnswers<string>(clock, facts.maxEntries ?? 100, facts.maxBytes ?? 1_000_000);
  const keep = (
    key: string,
    more: { readonly forMs?: number; readonly about?: readonly string[]; readonly bytes?: number } = {},
  ) => answers.keep(key, `of ${key}`, { forMs: 1_000, about: [], bytes: 0, ...more });
  return { clock, answers, keep };
}

test('an answer is there for as long as it may be kept, and not a millisecond longer', () => {
  const { clock, answers, keep } = given();
  keep('a', { about: ['x'] });
  clock.advance(999);
  expect([answers.certain('a'), answers.atLeast('a')]).toEqual(['of a', 'of a']);
  clock.advance(1);
  expect([answers.certain('a'), answers.atLeast('a'), answers.size, answers.bytes]).toEqual([
    undefined,
    undefined,
    0,
    0,
  ]);
});

test('an answer that may not be kept is not kept, and replaces no other', () => {
  const { answers, keep } = given();
  keep('a');
  keep('a', { forMs: 0 });
  expect(answers.size).toBe(0);
});

test('a change drops all answers about it', () => {
  const { answers, keep } = given();
  keep('a', { about: ['x', 'y'] });
  keep('b', { about: ['y'] });
  keep('c', { about: ['z'] });
  answers.dropAbout('y');
  expect(['a', 'b', 'c'].map((key) => answers.atLeast(key))).toEqual([undefined, undefined, 'of c']);
  answers.dropAbout('x');
  expect(answers.size).toBe(1);
});

test('a doubted answer is not certain until there is a new one', () => {
  const { answers, keep } = given();
  keep('a');
  answers.doubtAll();
  expect([answers.certain('a'), answers.atLeast('a')]).toEqual([undefined, 'of a']);
  keep('a');
  expect(answers.certain('a')).toBe('of a');
});

test('answers that were not used give way, whatever came first', () => {
  const { answers, keep } = given({ maxEntries: 3 });
  for (const key of ['a', 'b', 'c']) keep(key);
  answers.certain('a');
  keep('d');
  expect(['a', 'b', 'c', 'd'].map((key) => answers.atLeast(key))).toEqual([
    'of a',
    undefined,
    'of c',
    'of d',
  ]);
});

test('large answers take the room of many, and one that is too large is not kept', () => {
  const { answers, keep } = given({ maxBytes: 10_000 });
  for (let index = 0; index < 20; index++) keep(`small ${index}`);
  keep('large', { bytes: 9_000 });
  expect(answers.bytes).toBeLessThanOrEqual(10_000);
  expect([answers.size, answers.atLeast('large')]).toEqual([3, 'of large']);
  keep('larger', { bytes: 10_000 });
  expect([answers.atLeast('larger'), answers.atLeast('large')]).toEqual([undefined, 'of large']);
});

test('however much is kept and dropped, the bounds hold and dropped answers leave nothing behind', () => {
  const { clock, answers, keep } = given({ maxEntries: 50, maxBytes: 20_000 });
  for (let index = 0; index < 5_000; index++) {
    keep(`${index % 200}`, {
      about: [`of ${index % 7}`],
      bytes: (index * 37) % 900,
      forMs: (index % 11) * 100,
    });
    answers.certain(`${(index * 13) % 200}`);
    if (index % 3 === 0) clock.advance(10);
    expect(answers.size).toBeLessThanOrEqual(50);
    expect(answers.bytes).toBeLessThanOrEqual(20_000);
  }
  for (let about = 0; about < 7; about++) answers.dropAbout(`of ${about}`);
  expect([answers.size, answers.bytes]).toEqual([0, 0]);
});

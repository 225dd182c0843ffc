import { expect, test } from 'vitest';
import { createWaitingMessages } from './waiting-messages.ts';

/** Messages named `<owner><number>`. */
function givenWaiting(...names: readonly string[]) {
  const waiting = createWaitingMessages<{ readonly turn: string; readonly name: string }>();
  const push = (name: string) => {
    const message = { turn: name.slice(0, 1), name };
    waiting.push(message);
    return message;
  };
  const messages = names.map(push);
  const take = (budget: number): string[] => {
    const taken: string[] = [];
    for (let left = budget; left > 0; left--) {
      const message = waiting.shift(left);
      if (!message) break;
      taken.push(message.name);
    }
    return taken;
  };
  return { waiting, push, messages, take };
}

test('messages leave in the order they came when all may leave', () => {
  const { waiting, take } = givenWaiting('a1', 'a2', 'b1', 'a3');
  expect(take(4)).toEqual(['a1', 'a2', 'b1', 'a3']);
  expect(waiting.size).toBe(0);
  expect(take(1)).toEqual([]);
});

test('owners take turns when not all messages may leave', () => {
  const { waiting, push, take } = givenWaiting('a1', 'a2', 'a3', 'b1');
  expect(take(2)).toEqual(['a1', 'b1']);
  push('c1');
  expect(waiting.size).toBe(3);
  expect(take(2)).toEqual(['a2', 'c1']);
  expect(take(10)).toEqual(['a3']);
});

test('a message that comes while others leave has its turn too', () => {
  const { waiting, push } = givenWaiting('a1', 'a2');
  expect(waiting.shift(2)?.name).toBe('a1');
  push('b1');
  expect(waiting.shift(1)?.name).toBe('a2');
  expect(waiting.shift(1)?.name).toBe('b1');
});

test('the oldest message is the one that came first, whether sorted by owner or not', () => {
  const { waiting, push, take } = givenWaiting('a1', 'a2', 'b1');
  expect(waiting.oldest()?.name).toBe('a1');
  expect(take(2)).toEqual(['a1', 'b1']);
  push('b2');
  expect(waiting.oldest()?.name).toBe('a2');
  expect([...waiting].map(({ name }) => name)).toEqual(['a2', 'b2']);
});

test('a removed message neither waits nor counts', () => {
  const { waiting, messages, take } = givenWaiting('a1', 'a2', 'b1');
  expect([waiting.countOf('a'), waiting.countOf('b'), waiting.countOf('c')]).toEqual([2, 1, 0]);
  const [first] = messages;
  if (first) waiting.remove(first);
  if (first) waiting.remove(first);
  expect([waiting.size, waiting.countOf('a')]).toEqual([2, 1]);
  expect(take(3)).toEqual(['a2', 'b1']);
});

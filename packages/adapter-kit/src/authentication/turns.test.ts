import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

test('tenants have a queue each, and another for devices that are present', () => {
  const turns = createTurns((username) => username === 'sensor1@acme');
  turns.proved('acme');
  turns.proved('umbrella');
  const queues = ['sensor1@acme', 'sensor2@acme', 'sensor1@umbrella'].map((each) => turns.queueOf(each));
  expect(new Set(queues).size).toBe(3);
  expect(turns.queueOf('sensor3@acme')).toBe(turns.queueOf('sensor2@acme'));
});

test('a tenant is news once', () => {
  const turns = createTurns(() => false);
  expect([turns.proved('acme'), turns.proved('acme'), turns.proved('umbrella')]).toEqual([true, false, true]);
});

test('tenants that nobody belongs to share one queue', () => {
  const turns = createTurns(() => true);
  turns.proved('acme');
  expect(new Set(['a@x1', 'a@x2', 'nonsense', ''].map((each) => turns.queueOf(each))).size).toBe(1);
});

import { expect, test } from 'vitest';
import { createTurns, queuedTenant } from './turns.ts';

test('tenants have a queue each, and another for devices that proved who they are before', () => {
  const turns = createTurns();
  turns.proved('acme');
  turns.proved('umbrella');
  const queues = [
    turns.queueOf('sensor1@acme', true),
    turns.queueOf('sensor2@acme', false),
    turns.queueOf('sensor1@umbrella', false),
  ];
  expect(new Set(queues).size).toBe(3);
  expect(turns.queueOf('sensor3@acme', false)).toBe(turns.queueOf('sensor2@acme', false));
});

test('naming a device that is present buys no better turn', () => {
  const turns = createTurns();
  turns.proved('acme');
  expect(turns.queueOf('sensor1@acme', false)).not.toBe(turns.queueOf('sensor1@acme', true));
});

test('a tenant is news once', () => {
  const turns = createTurns();
  expect([turns.proved('acme'), turns.proved('acme'), turns.proved('umbrella')]).toEqual([true, false, true]);
});

test('tenants that no device belongs to share one queue', () => {
  const turns = createTurns();
  turns.proved('acme');
  expect(new Set(['a@x1', 'a@x2', 'nonsense', ''].map((each) => turns.queueOf(each, true))).size).toBe(1);
});

test('a tenant that devices call by its alias has a queue by that name too, once one of them was let in', () => {
  const turns = createTurns();
  const stranger = turns.queueOf('sensor1@roadrunner', true);
  for (const called of ['acme', queuedTenant('sensor1@roadrunner')]) turns.proved(called);
  expect(turns.queueOf('sensor1@roadrunner', true)).not.toBe(stranger);
});

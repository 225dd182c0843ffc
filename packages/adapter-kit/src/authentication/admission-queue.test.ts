import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createAdmissionQueue, type AdmissionLimits } from './admission-queue.ts';

/** Work that goes on until the test ends it. */
function givenAQueue(limits: Partial<AdmissionLimits> = {}) {
  const clock = new ManualClock();
  const queue = createAdmissionQueue(clock, {
    maxRunning: 2,
    maxWaiting: 1_000,
    maxWaitMs: 8_000,
    ...limits,
  });
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const results: string[] = [];
  function come(name: string, tenant = 'acme', gone?: () => boolean): void {
    const work = (): Promise<string> => {
      started.push(name);
      return new Promise((resolve) => ends.push(() => resolve(`${name} done`)));
    };
    void queue.admit(tenant, work, gone).then((result) => results.push(result));
  }
  async function endAll(): Promise<void> {
    while (ends.length > 0) {
      ends.shift()?.();
      await turn();
    }
  }
  return { clock, queue, started, results, ends, come, endAll };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('without a storm nobody waits', () => {
  const { queue, started, come } = givenAQueue();
  come('a');
  come('b');
  expect(started).toEqual(['a', 'b']);
  expect(queue.waiting).toBe(0);
});

test('whoever is too many waits, and comes in order', async () => {
  const { queue, started, results, come, endAll } = givenAQueue();
  for (const name of ['a', 'b', 'c', 'd', 'e']) come(name);
  expect(started).toEqual(['a', 'b']);
  expect(queue.waiting).toBe(3);
  await endAll();
  expect(started).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(results).toHaveLength(5);
  expect(queue.waiting).toBe(0);
});

test('a tenant that storms delays no other tenant', async () => {
  const { started, come, endAll } = givenAQueue({ maxRunning: 1 });
  for (let index = 0; index < 100; index++) come(`storm ${index}`, 'acme');
  come('calm 1', 'umbrella');
  come('calm 2', 'umbrella');
  await endAll();
  expect(started.indexOf('calm 1')).toBe(2);
  expect(started.indexOf('calm 2')).toBe(4);
  expect(started.filter((name) => name.startsWith('storm'))).toEqual(
    Array.from({ length: 100 }, (_, index) => `storm ${index}`),
  );
});

test('no more than some are let through in one turn of the event loop', async () => {
  const { started, come } = givenAQueue({ maxRunning: 1_000 });
  for (let index = 0; index < 100; index++) come(String(index));
  expect(started).toHaveLength(20);
  await turn();
  expect(started).toHaveLength(40);
  for (let rest = 0; rest < 3; rest++) await turn();
  expect(started).toHaveLength(100);
});

test('a full queue says that it is busy', async () => {
  const { results, come } = givenAQueue({ maxRunning: 1, maxWaiting: 2 });
  for (const name of ['a', 'b', 'c', 'd']) come(name);
  await turn();
  expect(results).toEqual(['busy']);
});

test('whoever waits too long hears that, and whoever came later does not', async () => {
  const { clock, queue, started, results, come, endAll } = givenAQueue({ maxRunning: 1 });
  come('first');
  come('early');
  clock.advance(5_000);
  come('late', 'umbrella');
  clock.advance(3_000);
  await turn();
  expect(results).toEqual(['busy']);
  expect(queue.waiting).toBe(1);
  await endAll();
  expect(started).toEqual(['first', 'late']);
  expect(clock.armed).toBe(0);
});

test('whoever has gone meanwhile is passed over', async () => {
  const { started, come, endAll } = givenAQueue({ maxRunning: 1 });
  come('first');
  come('gone', 'acme', () => true);
  come('next');
  await endAll();
  expect(started).toEqual(['first', 'next']);
});

test('work that fails makes room, and tells whoever asked', async () => {
  const { queue } = givenAQueue({ maxRunning: 1 });
  const failing = queue.admit('acme', () => Promise.reject(new Error('registry')));
  const next = queue.admit('acme', async () => 'served');
  await expect(failing).rejects.toThrow('registry');
  expect(await next).toBe('served');
});

import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { AdmissionQueue, type AdmissionLimits } from './admission-queue.ts';

/** Work that goes on until the test ends it. */
function givenAQueue(limits: Partial<AdmissionLimits> = {}) {
  const clock = new ManualClock();
  const queue = new AdmissionQueue(clock, {
    maxRunning: 2,
    maxWaiting: 1_000,
    maxWaitMs: 8_000,
    ...limits,
  });
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const results: string[] = [];
  const queueNames = new Map<string, string>();
  let askedFor = 0;
  function come(name: string, tenant = 'acme', gone?: () => boolean): void {
    const work = (): Promise<string> => {
      started.push(name);
      return new Promise((resolve) => ends.push(() => resolve(`${name} done`)));
    };
    const queueOf = (): string => {
      askedFor += 1;
      return queueNames.get(tenant) ?? tenant;
    };
    void queue
      .admit({ group: tenant, queueOf }, work, gone)
      .then((result) => results.push(result === 'busy' ? `${name} busy` : result));
  }
  async function endAll(): Promise<void> {
    while (ends.length > 0) {
      ends.shift()?.();
      await turn();
    }
  }
  return { clock, queue, queueNames, started, results, ends, come, endAll, askedFor: () => askedFor };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('without a storm no device waits', () => {
  const { queue, started, come } = givenAQueue();
  come('a');
  come('b');
  expect(started).toEqual(['a', 'b']);
  expect(queue.waiting).toBe(0);
});

test('a device above the limit waits, and is served in order', async () => {
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
  expect(results).toEqual(['d busy']);
});

test('a full queue has a place for a tenant with less than its share, and takes it from the one that has most', async () => {
  const { queue, started, results, come, endAll } = givenAQueue({ maxRunning: 1, maxWaiting: 4 });
  for (const name of ['first', 'a1', 'a2', 'a3', 'a4']) come(name);
  for (const name of ['b1', 'b2', 'b3']) come(name, 'umbrella');
  await turn();
  expect(results).toEqual(['a4 busy', 'a3 busy', 'b3 busy']);
  expect(queue.waiting).toBe(4);
  await endAll();
  expect(started).toEqual(['first', 'a1', 'b1', 'a2', 'b2']);
});

test('a full queue of many tenants gives no tenant more than a place', async () => {
  const { queue, results, come } = givenAQueue({ maxRunning: 1, maxWaiting: 3 });
  come('first');
  for (const tenant of ['t1', 't2', 't3', 't4']) come(tenant, tenant);
  await turn();
  expect(results).toEqual(['t4 busy']);
  expect(queue.waiting).toBe(3);
});

test('a device that turns out to belong elsewhere goes on there, in the same order and for the same time', async () => {
  const { clock, queue, queueNames, started, results, come, endAll } = givenAQueue({ maxRunning: 1 });
  for (const tenant of ['acme', 'umbrella']) queueNames.set(tenant, 'strangers');
  come('first');
  for (let index = 0; index < 5; index++) come(`storm ${index}`);
  clock.advance(5_000);
  come('calm', 'umbrella');
  queueNames.delete('acme');
  queue.regroup('acme');
  clock.advance(2_999);
  await endAll();
  expect(started.slice(0, 3)).toEqual(['first', 'calm', 'storm 0']);
  expect(results).toHaveLength(7);
  expect(clock.armed).toBe(0);
});

test('a storm of many new tenants asks each device once where it belongs', async () => {
  const { queue, queueNames, started, results, come, endAll, askedFor } = givenAQueue({ maxRunning: 1 });
  const tenants = Array.from({ length: 300 }, (_, index) => `t${index}`);
  come('first');
  for (const tenant of tenants) {
    queueNames.set(tenant, 'strangers');
    come(`${tenant} a`, tenant);
  }
  for (const tenant of tenants) come(`${tenant} b`, tenant);
  const before = askedFor();
  for (const tenant of tenants.toReversed()) {
    queueNames.delete(tenant);
    queue.regroup(tenant);
  }
  expect(askedFor() - before).toBe(600);
  await endAll();
  expect(started.slice(0, 3)).toEqual(['first', 't299 a', 't298 a']);
  expect(started.slice(-2)).toEqual(['t1 b', 't0 b']);
  expect([results.length, queue.waiting]).toEqual([601, 0]);
});

test('a device that waits too long is refused, and one that came later is not', async () => {
  const { clock, queue, started, results, come, endAll } = givenAQueue({ maxRunning: 1 });
  come('first');
  come('early');
  clock.advance(5_000);
  come('late', 'umbrella');
  clock.advance(3_000);
  await turn();
  expect(results).toEqual(['early busy']);
  expect(queue.waiting).toBe(1);
  await endAll();
  expect(started).toEqual(['first', 'late']);
  expect(clock.armed).toBe(0);
});

test('a device that hung up meanwhile is passed over', async () => {
  const { started, come, endAll } = givenAQueue({ maxRunning: 1 });
  come('first');
  come('gone', 'acme', () => true);
  come('next');
  await endAll();
  expect(started).toEqual(['first', 'next']);
});

test('work that fails makes room, and its caller gets the error', async () => {
  const { queue } = givenAQueue({ maxRunning: 1 });
  const acme = { group: 'acme', queueOf: () => 'acme' };
  const failing = queue.admit(acme, () => Promise.reject(new Error('registry')));
  const next = queue.admit(acme, async () => 'served');
  await expect(failing).rejects.toThrow('registry');
  expect(await next).toBe('served');
});

test('those for whom there is nothing to do go on at once, so many in a turn, and pass nobody who waits', async () => {
  const { queue, come, endAll } = givenAQueue({ maxRunning: 1 });
  const through = (): number => Array.from({ length: 100 }, () => queue.letThrough()).filter(Boolean).length;
  expect(through()).toBe(20);
  await turn();
  expect(through()).toBe(20);
  await turn();
  come('runs');
  expect(queue.letThrough()).toBe(false);
  come('waits');
  await endAll();
  await turn();
  expect(through()).toBe(20);
});

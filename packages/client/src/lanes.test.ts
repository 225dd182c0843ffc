import type { Settlement } from '@rollcall/amqp-connection/links';
import { ManualClock, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { Lanes, type LanesOptions } from './lanes.ts';

/** Messages named `<device><number>`, handled as the test says, on a network that sends released messages again. */
function givenLanes(options: Partial<LanesOptions> = {}) {
  const clock = new ManualClock();
  const begun = clock.monotonic();
  const failing = new Set<string>();
  const tried: string[] = [];
  const outcomes: string[] = [];
  const poisoned: string[] = [];
  const failures: string[] = [];
  const gone = new Set<string>();
  const held = new Set<string>();
  const full: number[] = [];
  const blocked = new Map<string, () => void>();
  const lanes = new Lanes({
    clock,
    maxRunning: 100,
    maxTries: 4,
    firstPauseMs: 1_000,
    maxPauseMs: 60_000,
    failed: (where, error) => void failures.push(`${where}: ${(error as Error).message}`),
    full: () => void full.push(clock.monotonic() - begun),
    ...options,
  });

  async function add(id: string, isSentAgain = true): Promise<Settlement> {
    const settlement = await lanes.add({
      lane: id.replaceAll(/\d/g, ''),
      id,
      proves: !id.startsWith('upload'),
      delivery: { gone: () => gone.has(id), hold: () => void held.add(id) },
      async handle() {
        tried.push(`${id} ${clock.monotonic() - begun}`);
        if (blocked.has(id)) await new Promise<void>((resolve) => blocked.set(id, resolve));
        if (failing.has(id)) throw new Error(id);
      },
      giveUp(error) {
        poisoned.push((error as Error).message);
        throw new Error('no room for dead letters');
      },
    });
    held.delete(id);
    outcomes.push(`${id} ${settlement}`);
    if (settlement === 'released' && isSentAgain) void add(id);
    return settlement;
  }

  return { clock, failing, tried, outcomes, poisoned, failures, gone, held, full, blocked, lanes, add };
}

test('a message that fails is released at once and tried again after growing pauses; later ones of its lane wait, in order', async () => {
  const { clock, failing, tried, outcomes, add } = givenLanes();
  failing.add('a1');
  for (const id of ['a1', 'a2', 'b1', 'a3']) void add(id);
  await settled();
  expect(tried).toEqual(['a1 0', 'b1 0']);
  expect(outcomes.toSorted()).toEqual(['a1 released', 'a2 released', 'a3 released', 'b1 accepted']);
  await clock.advanceAsync(999);
  expect(tried).toHaveLength(2);
  await clock.advanceAsync(2_001);
  failing.delete('a1');
  await clock.advanceAsync(4_000);
  expect(tried.slice(2)).toEqual(['a1 1000', 'a1 3000', 'a1 7000', 'a2 7000', 'a3 7000']);
  expect(outcomes.slice(-3)).toEqual(['a1 accepted', 'a2 accepted', 'a3 accepted']);
  expect(clock.armed).toBe(0);
});

test('a message that failed `maxTries` times is rejected and handed to `giveUp`, even if that throws', async () => {
  const { clock, failing, tried, outcomes, poisoned, failures, add } = givenLanes();
  failing.add('a1');
  void add('a1');
  void add('a2');
  await clock.advanceAsync(60_000);
  expect(tried).toEqual(['a1 0', 'a1 1000', 'a1 3000', 'a1 7000', 'a2 7000']);
  expect(poisoned).toEqual(['a1']);
  expect(outcomes.slice(-2)).toEqual(['a1 rejected', 'a2 accepted']);
  expect(failures).toEqual([
    ...Array.from({ length: 4 }, () => 'event handler: a1'),
    'handler of poisoned events: no room for dead letters',
  ]);
});

test('pauses of each event grow by themselves, up to the longest', async () => {
  const { clock, failing, tried, add } = givenLanes({ maxTries: Infinity, maxPauseMs: 3_000 });
  failing.add('a1').add('b1');
  void add('a1');
  await clock.advanceAsync(5_000);
  void add('b1');
  await clock.advanceAsync(7_000);
  expect(tried).toEqual([
    ...['a1 0', 'a1 1000', 'a1 3000', 'b1 5000', 'a1 6000', 'b1 6000', 'b1 8000', 'a1 9000'],
    ...['b1 11000', 'a1 12000'],
  ]);
});

test('messages that come back in another order are handled in their first one', async () => {
  const { clock, failing, tried, add } = givenLanes();
  failing.add('a1');
  for (const id of ['a1', 'a2', 'a3']) void add(id, false);
  await settled();
  failing.clear();
  for (const id of ['a4', 'a3', 'a2', 'a1']) void add(id);
  await clock.advanceAsync(1_000);
  expect(tried.slice(1)).toEqual(['a1 1000', 'a2 1000', 'a3 1000', 'a4 1000']);
});

test('a lane does not wait for a message that went to another consumer', async () => {
  const { clock, failing, tried, add } = givenLanes();
  failing.add('a1');
  void add('a1', false);
  await settled();
  void add('a2');
  await clock.advanceAsync(1_000);
  expect(tried).toEqual(['a1 0', 'a2 1000']);
  expect(clock.armed).toBe(0);
});

test('messages that wait use no credit; beyond a bound the fullest lane is tried early, if others can be handled', async () => {
  const { clock, failing, tried, held, add } = givenLanes();
  const many = Array.from({ length: 1_500 }, (_, index) => `a${index + 1}`);
  failing.add('a1').add('b1');
  void add('a1');
  void add('b1');
  await settled();
  for (const id of many.slice(1)) void add(id);
  await settled();
  // No message was handled since it failed, so the message may not be at fault, and the network has to wait.
  expect(tried).toEqual(['a1 0', 'b1 0']);
  expect(held.size).toBe(1_000);
  // Uploads that no handler reads prove nothing.
  void add('upload1');
  await settled();
  void add('a1999');
  await settled();
  expect(tried.splice(2)).toEqual(['upload1 0']);
  failing.delete('a1');
  void add('c1');
  await settled();
  void add('a2000');
  await settled();
  expect(tried.slice(0, 4)).toEqual(['a1 0', 'b1 0', 'c1 0', 'a1 0']);
  expect(tried).toHaveLength(1_505);
  expect(held).toEqual(new Set(['b1']));
  await clock.advanceAsync(1_000);
  expect(tried.at(-1)).toBe('b1 1000');
});

test('`full` is called once when no more can be received before a pause ends, until a message is handled again', async () => {
  const { clock, failing, held, full, add } = givenLanes({ maxTries: Infinity });
  const names = Array.from({ length: 1_003 }, (_, index) => `${'x'.repeat(index)}a`);
  for (const name of names) failing.add(name);
  for (const name of names.slice(0, 1_000)) void add(name);
  await settled();
  expect([held.size, full]).toEqual([1_000, []]);
  for (const name of names.slice(1_000)) void add(name);
  await settled();
  expect(full).toEqual([0]);
  await clock.advanceAsync(999);
  expect(full).toEqual([0]);
  void add('good');
  await clock.advanceAsync(60_000);
  expect(full).toHaveLength(2);
});

test('at most `maxRunning` messages are handled at a time, also when many pauses end together', async () => {
  const { clock, failing, blocked, tried, add } = givenLanes({ maxRunning: 3 });
  const ids = ['a1', 'b1', 'c1', 'd1', 'e1'];
  for (const id of ids) failing.add(id);
  for (const id of ids) void add(id);
  await settled();
  expect(tried).toHaveLength(5);
  failing.clear();
  for (const id of ids) blocked.set(id, () => {});
  await clock.advanceAsync(1_000);
  expect(tried).toHaveLength(8);
  blocked.get('b1')?.();
  await settled();
  expect(tried.slice(8)).toEqual(['d1 1000']);
});

test('messages of a link that is lost are not handled, and make room', async () => {
  const { clock, failing, tried, outcomes, gone, held, lanes, add } = givenLanes();
  failing.add('a1');
  void add('a1');
  await settled();
  void add('a2', false);
  await settled();
  expect([...held]).toEqual(['a1', 'a2']);
  gone.add('a2');
  lanes.prune();
  await clock.advanceAsync(1_000);
  expect([...held]).toEqual(['a1']);
  expect(outcomes).toContain('a2 released');
  expect(tried).toEqual(['a1 0', 'a1 1000']);
});

test('closed lanes begin nothing more, neither after a pause nor after a message that is being handled', async () => {
  const { clock, failing, blocked, tried, outcomes, lanes, add } = givenLanes();
  failing.add('a1');
  blocked.set('b1', () => {});
  for (const id of ['a1', 'b1', 'b2']) void add(id, false);
  await settled();
  void add('a1', false);
  lanes.close();
  failing.add('b1');
  blocked.get('b1')?.();
  await clock.advanceAsync(60_000);
  void add('c1', false);
  await settled();
  expect(tried).toEqual(['a1 0', 'b1 0']);
  expect(outcomes).toEqual(['a1 released', 'a1 released', 'b2 released', 'b1 released', 'c1 released']);
  expect(clock.armed).toBe(0);
});

test('the longest pause ends when too many lanes pause', async () => {
  const { clock, failing, tried, add } = givenLanes();
  for (let index = 0; index < 10_001; index++) {
    const id = `${'x'.repeat(index % 100)}y${'z'.repeat(Math.floor(index / 100))}1`;
    failing.add(id);
    void add(id, false);
  }
  await settled();
  expect(tried).toHaveLength(10_001);
  expect(clock.armed).toBe(10_000);
});

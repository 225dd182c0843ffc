import { ManualClock, settled } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import { describe, expect, test } from 'vitest';
import { script } from '../scripts/script.ts';
import { ForeignValues } from '../state/foreign-values.ts';
import { createTallies } from '../state/tallies.ts';
import type { Engine } from '../engine/engine.ts';
import { Asker, type Reply } from './asker.ts';
import { PauseWatch } from './pause-watch.ts';

const aScript = script('a', 'return 1');

function asking() {
  const clock = new ManualClock();
  const tallies = createTallies();
  const answers: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  const outages: number[] = [];
  const engine = {
    run: () => new Promise((resolve, reject) => answers.push({ resolve, reject })),
  } as unknown as Engine;
  const asker = new Asker({
    clock,
    tallies,
    foreign: new ForeignValues(clock, silentLog, tallies),
    deviceWaitMs: 50,
    engine: () => engine,
    tooManyMisses() {
      outages.push(clock.monotonic());
      asker.inTouch = false;
    },
  });
  asker.inTouch = true;
  return { clock, asker, answers, tallies, outages };
}

describe('an answer that a device waits for', () => {
  test('is waited for 50 ms; a later one goes to the callback for late answers', async () => {
    const { clock, asker, answers } = asking();
    const late: Reply[] = [];
    let reply: Reply | undefined;
    void asker.askInTime(aScript, [], [], (each) => late.push(each)).then((each) => (reply = each));
    await clock.advanceAsync(49);
    expect(reply).toBeUndefined();
    await clock.advanceAsync(1);
    expect(reply).toEqual({ status: 'none' });
    answers[0]?.resolve([1]);
    await settled();
    expect(late).toEqual([{ status: 'answer', value: [1] }]);
  });

  test('counts as in time if it came while the process was busy', async () => {
    const { clock, asker, answers } = asking();
    const reply = asker.askInTime(aScript, [], [], () => undefined);
    clock.stall(5_000);
    answers[0]?.resolve([1]);
    expect(await reply).toEqual({ status: 'answer', value: [1] });
  });

  test('after 20 misses in a row no one asks any more; one answer in between starts the count again', async () => {
    const { clock, asker, answers, outages } = asking();
    const miss = async (): Promise<void> => {
      const reply = asker.askInTime(aScript, [], [], () => undefined);
      await clock.advanceAsync(50);
      await reply;
    };
    for (let index = 0; index < 19; index++) await miss();
    const inTime = asker.askInTime(aScript, [], [], () => undefined);
    answers.at(-1)?.resolve([1]);
    await inTime;
    for (let index = 0; index < 19; index++) await miss();
    expect([asker.canAsk, outages.length]).toEqual([true, 0]);
    await miss();
    expect([asker.canAsk, outages.length]).toEqual([false, 1]);
    asker.inTouch = true;
    expect([asker.canAsk, asker.breaker.isOpen]).toEqual([true, false]);
  });

  test('at most 1,000 questions are under way', async () => {
    const { asker, answers } = asking();
    for (let index = 0; index < 1_000; index++) void asker.ask(aScript, [], []);
    expect(asker.canAsk).toBe(false);
    answers[0]?.resolve(1);
    await settled();
    expect(asker.canAsk).toBe(true);
  });

  test.each([
    ['WRONGTYPE Operation against a key', 'refused', 1],
    ['OOM command not allowed', 'none', 0],
    ['READONLY You cannot write against a read only replica.', 'none', 0],
    ['LOADING Redis is loading the dataset in memory', 'none', 0],
    ['CLUSTERDOWN The cluster is down', 'none', 0],
  ])('%s: %s', async (message, status, foreign) => {
    const { asker, answers, tallies } = asking();
    const reply = asker.ask(aScript, [], []);
    answers[0]?.reject(Object.assign(new Error(message), { name: 'ReplyError' }));
    expect(await reply).toEqual({ status });
    expect(tallies.foreign_values).toBe(foreign);
  });
});

describe('a process that stood still', () => {
  test('is in doubt at once, until a question that was asked afterwards is answered', () => {
    const clock = new ManualClock();
    const watch = new PauseWatch(clock, 5_000);
    const before = clock.monotonic();
    clock.stall(5_001);
    expect(watch.inDoubt).toBe(true);
    watch.look();
    expect(watch.livedAt(before), 'asked before').toBe(false);
    expect(watch.inDoubt).toBe(true);
    expect(watch.livedAt(clock.monotonic())).toBe(true);
    expect(watch.inDoubt).toBe(false);
  });

  test('goes on after a while if the engine cannot be reached', () => {
    const clock = new ManualClock();
    const watch = new PauseWatch(clock, 5_000);
    clock.stall(6_000);
    watch.look();
    clock.advance(2_999);
    watch.look();
    expect([watch.unreachable(), watch.inDoubt]).toEqual([false, true]);
    clock.advance(1);
    expect([watch.unreachable(), watch.inDoubt]).toEqual([true, false]);
  });

  test('is not in doubt after a shorter pause', () => {
    const clock = new ManualClock();
    const watch = new PauseWatch(clock, 5_000);
    clock.stall(5_000);
    watch.look();
    expect(watch.inDoubt).toBe(false);
  });
});

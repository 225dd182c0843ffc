import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { StandstillWatch } from './standstill-watch.ts';

const standsAfterMs = 10_000;

function watching() {
  const clock = new ManualClock();
  const standing: string[] = [];
  const watch = new StandstillWatch<string>({
    clock,
    lookEveryMs: 1_000,
    standsAfterMs,
    stands: (each) => standing.push(each),
  });
  const pass = (seconds: number, heard: readonly string[] = []): void => {
    for (let second = 0; second < seconds; second++) {
      for (const each of heard) watch.heard(each);
      clock.advance(1_000);
    }
  };
  return { clock, watch, standing, pass };
}

test('who gives no sign of life for so long stands still, and is named once', () => {
  const { watch, standing, pass } = watching();
  watch.add('dead');
  watch.add('alive');
  pass(9, ['alive']);
  expect(standing).toEqual([]);
  pass(30, ['alive']);
  expect(standing).toEqual(['dead']);
});

test('who is not ready yet, or has ended, is not watched', () => {
  const { watch, standing, pass } = watching();
  watch.heard('starting');
  watch.add('ended');
  watch.forget('ended');
  pass(30);
  expect(standing).toEqual([]);
});

test('one that looks late stood still itself: all get the whole time again', () => {
  const { clock, watch, standing, pass } = watching();
  watch.add('maybe');
  pass(5);
  // Stopped, as the others were, or not.
  clock.stall(60_000);
  pass(9);
  expect(standing).toEqual([]);
  pass(3);
  expect(standing).toEqual(['maybe']);
});

test('nothing is looked at once it is over', () => {
  const { clock, watch, standing, pass } = watching();
  watch.add('dead');
  watch.stop();
  pass(30);
  expect(standing).toEqual([]);
  expect(clock.armed).toBe(0);
});

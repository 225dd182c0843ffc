import { ManualClock } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createMinuteLog, type MinuteLogOptions } from './minute-log.ts';

function given(options: Omit<MinuteLogOptions, 'say'> = {}) {
  const clock = new ManualClock();
  const said: unknown[] = [];
  const log = createMinuteLog(clock, {
    over: () => said.push('over'),
    ...options,
    say: (count) => said.push(count),
  });
  return { clock, said, log };
}

test('a minute log logs at once, then once a minute while it goes on, and when it is over', () => {
  const { clock, said, log } = given();
  for (let i = 0; i < 3; i++) log.count();
  expect(said).toEqual([1]);
  clock.advance(60_000);
  expect(said).toEqual([1, 2]);
  clock.advance(60_000);
  expect(said).toEqual([1, 2, 'over']);
  expect(clock.armed).toBe(0);
  log.count();
  expect(said).toEqual([1, 2, 'over', 1]);
});

test('a minute log goes on while `goesOn` says so, although nothing happens again', () => {
  let goesOn = true;
  const { clock, said, log } = given({ goesOn: () => goesOn });
  log.count();
  clock.advance(120_000);
  goesOn = false;
  clock.advance(60_000);
  expect(said).toEqual([1, 0, 0, 'over']);
});

test('a patient minute log does not log a single occurrence, and counts all that happened while it waited', () => {
  const { clock, said, log } = given({ patienceMs: 5_000 });
  log.count();
  clock.advance(5_000);
  expect(said).toEqual([]);
  clock.advance(60_000);
  expect(said).toEqual(['over']);
  for (let i = 0; i < 3; i++) log.count();
  clock.advance(5_000);
  expect(said).toEqual(['over', 3]);
});

test.each([{}, { patienceMs: 5_000 }])('a stopped minute log has no timer, with %j', (options) => {
  const { clock, log } = given(options);
  log.count();
  log.stop();
  expect(clock.armed).toBe(0);
});

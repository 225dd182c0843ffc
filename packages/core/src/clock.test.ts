import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { every, later, sleep } from './clock.ts';
import { systemClock } from './system-clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('given a deadline, the system clock wakes once, and not before it', () => {
  const wake = vi.fn();
  systemClock.at(later(systemClock.monotonic(), 1_000), wake);
  vi.advanceTimersByTime(999);
  expect(wake).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10_000);
  expect(wake).toHaveBeenCalledTimes(1);
});

test('given a deadline beyond what timers know, it does not wake early', () => {
  const wake = vi.fn();
  const thirtyDaysMs = 30 * 86_400_000;
  systemClock.at(later(systemClock.monotonic(), thirtyDaysMs), wake);
  vi.advanceTimersByTime(thirtyDaysMs - 1);
  expect(wake).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(wake).toHaveBeenCalledTimes(1);
});

test('given a deadline in the past, it wakes, but not before `at` returns', () => {
  const wake = vi.fn();
  systemClock.at(later(systemClock.monotonic(), -5), wake);
  expect(wake).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(wake).toHaveBeenCalledTimes(1);
});

test('what is disarmed does not wake', () => {
  const wake = vi.fn();
  systemClock.at(later(systemClock.monotonic(), 10), wake)();
  vi.advanceTimersByTime(100);
  expect(wake).not.toHaveBeenCalled();
});

test('a sleep ends when it is over, and leaves no listener behind', async () => {
  const { signal } = new AbortController();
  const removed = vi.spyOn(signal, 'removeEventListener');
  const slept = sleep(systemClock, 50, signal);
  vi.advanceTimersByTime(50);
  await slept;
  expect(removed).toHaveBeenCalledTimes(1);
});

test('a sleep ends when it is aborted, and leaves no timer behind', async () => {
  const abort = new AbortController();
  const slept = sleep(systemClock, 50, abort.signal);
  abort.abort();
  await slept;
  expect(vi.getTimerCount()).toBe(0);
});

test('a sleep aborted from the start does not begin', async () => {
  await sleep(systemClock, 50, AbortSignal.abort());
  expect(vi.getTimerCount()).toBe(0);
});

test('work is done after each interval, until it is ended', () => {
  const work = vi.fn();
  const end = every(systemClock, 1_000, work);
  vi.advanceTimersByTime(999);
  expect(work).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2_001);
  expect(work).toHaveBeenCalledTimes(3);
  end();
  expect(vi.getTimerCount()).toBe(0);
});

test('work that ends itself is not done again', () => {
  const work = vi.fn(() => end());
  const end = every(systemClock, 1_000, work);
  vi.advanceTimersByTime(10_000);
  expect(work).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

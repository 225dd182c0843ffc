import { expect, test } from 'vitest';
import { fakeProcess } from '../testing/fake-process.ts';
import { endWithParent, shutdownRequested } from './shutdown-requested.ts';

test.each(['SIGINT', 'SIGTERM'] as const)('%s asks the process to stop', async (signal) => {
  const { ours } = fakeProcess();
  const requested = shutdownRequested(undefined, ours);
  ours.emit(signal, signal);
  expect(await requested).toBe(signal);
});

test('a second signal ends the process at once, without exit handlers', async () => {
  const { ours, killed } = fakeProcess();
  const requested = shutdownRequested(undefined, ours);
  ours.emit('SIGTERM', 'SIGTERM');
  expect(killed).toEqual([]);
  ours.emit('SIGINT', 'SIGINT');
  expect([killed, await requested]).toEqual([['SIGKILL'], 'SIGTERM']);
});

test('what further signals do can be chosen', () => {
  const { ours, killed } = fakeProcess();
  let further = 0;
  void shutdownRequested(() => (further += 1), ours);
  for (let i = 0; i < 3; i++) ours.emit('SIGTERM', 'SIGTERM');
  expect([further, killed]).toEqual([2, []]);
});

test.each([
  ['before the process listened', { connected: false }],
  ['while the process runs', { connected: true, hasChannel: true }],
])('a parent that ends %s asks it to stop', async (_when, facts) => {
  const { ours } = fakeProcess(facts);
  const requested = shutdownRequested(undefined, ours);
  ours.emit('disconnect');
  expect(await requested).toBe('parent ended');
});

test('the end of the parent is no second request', () => {
  const { ours, killed } = fakeProcess({ connected: true, hasChannel: true });
  void shutdownRequested(undefined, ours);
  ours.emit('SIGTERM', 'SIGTERM');
  ours.emit('disconnect');
  expect(killed).toEqual([]);
});

test('a process with nothing to tidy up ends with its parent, until it is told otherwise', () => {
  const { ours, killed } = fakeProcess({ connected: true, hasChannel: true });
  const noMore = endWithParent(ours);
  noMore();
  ours.emit('disconnect');
  expect(killed).toEqual([]);
  endWithParent(ours);
  ours.emit('disconnect');
  expect(killed).toEqual(['SIGTERM']);
});

test('a process without an IPC channel has no parent to end with', () => {
  const { ours, killed } = fakeProcess();
  endWithParent(ours);
  ours.emit('disconnect');
  expect([killed, ours.listenerCount('disconnect')]).toEqual([[], 0]);
});

import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { ManualClock, settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { supervise } from './supervisor.ts';

/** A process that does what the test says. */
class FakeChild extends EventEmitter {
  readonly signals: string[] = [];
  ignoresSigterm = false;

  kill(signal: NodeJS.Signals): boolean {
    this.signals.push(signal);
    if (!this.ignoresSigterm || signal === 'SIGKILL') this.emit('exit', null, signal);
    return true;
  }
}

function givenASupervised() {
  const clock = new ManualClock();
  const children: FakeChild[] = [];
  const told: string[] = [];
  const supervised = supervise({
    name: 'adapter',
    clock,
    tell: (line) => void told.push(line),
    spawn() {
      const child = new FakeChild();
      children.push(child);
      return child as unknown as ChildProcess;
    },
    whenReady: (child) =>
      new Promise((resolve, reject) => {
        child.once('message', (said) => (said === 'slow' ? reject(new Error('not ready')) : resolve()));
      }),
  });
  const start = async (): Promise<FakeChild> => {
    const started = supervised.start();
    const child = children.at(-1) ?? new FakeChild();
    child.emit('message', 'ready');
    await started;
    return child;
  };
  return { clock, children, told, supervised, start };
}

test('a process that ends before it was ready makes start() fail, and is not started again', async () => {
  const { supervised, children, clock } = givenASupervised();
  const started = supervised.start();
  children[0]?.emit('exit', 2, null);
  await expect(started).rejects.toThrow('adapter ended with status 2 before it was ready');
  await clock.advanceAsync(60_000);
  expect(children).toHaveLength(1);
});

test('a process that dies is started again, and people are told of its death and of its return', async () => {
  const { start, children, told, clock } = givenASupervised();
  (await start()).emit('exit', null, 'SIGKILL');
  expect(told).toEqual(['adapter ended unexpectedly (by SIGKILL); starting it again']);
  await clock.advanceAsync(500);
  expect(children).toHaveLength(2);
  children[1]?.emit('message', 'ready');
  await settled();
  expect(told.at(-1)).toBe('adapter is back');
});

test('a process that dies again and again is started after growing pauses', async () => {
  const { start, children, clock } = givenASupervised();
  (await start()).emit('exit', 1, null);
  const gaps: number[] = [];
  for (let death = 0; death < 8; death++) {
    const before = children.length;
    let waitedMs = 0;
    while (children.length === before) {
      await clock.advanceAsync(500);
      waitedMs += 500;
    }
    gaps.push(waitedMs);
    children.at(-1)?.emit('exit', 1, null);
    await settled();
  }
  expect(gaps).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
});

test('stop() sends SIGTERM, and the process is not started again', async () => {
  const { start, supervised, children, clock } = givenASupervised();
  const child = await start();
  await supervised.stop(5_000);
  expect(child.signals).toEqual(['SIGTERM']);
  await clock.advanceAsync(60_000);
  expect(children, 'it was meant to end').toHaveLength(1);
  expect(clock.armed).toBe(0);
});

test('stop() sends SIGKILL when the process does not end in time', async () => {
  const { start, supervised, clock } = givenASupervised();
  const child = await start();
  child.ignoresSigterm = true;
  const stopped = supervised.stop(5_000);
  await clock.advanceAsync(5_000);
  await stopped;
  expect(child.signals).toEqual(['SIGTERM', 'SIGKILL']);
});

test('stop() between a death and the next start starts nothing', async () => {
  const { start, supervised, children, clock } = givenASupervised();
  (await start()).emit('exit', 1, null);
  await supervised.stop(5_000);
  await clock.advanceAsync(60_000);
  expect(children).toHaveLength(1);
});

test('a process that is not ready in time is ended before another is started', async () => {
  const { start, supervised, children, told, clock } = givenASupervised();
  (await start()).emit('exit', 1, null);
  await clock.advanceAsync(500);
  children[1]?.emit('message', 'slow');
  await settled();
  expect(children[1]?.signals).toEqual(['SIGKILL']);
  expect(told.at(-1)).toBe('adapter was ended (not ready); starting it again');
  await clock.advanceAsync(1_000);
  children[2]?.emit('message', 'ready');
  await settled();
  await supervised.stop(5_000);
  expect(children.map(({ signals }) => signals)).toEqual([[], ['SIGKILL'], ['SIGTERM']]);
});

test('a process that cannot be started is tried again', async () => {
  const { start, children, clock } = givenASupervised();
  (await start()).emit('exit', 1, null);
  await clock.advanceAsync(500);
  children[1]?.emit('error', new Error('EAGAIN'));
  await settled();
  await clock.advanceAsync(1_000);
  expect(children).toHaveLength(3);
});

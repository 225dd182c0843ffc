import { EventEmitter } from 'node:events';
import type { Worker } from 'node:cluster';
import { ManualClock, settled } from '@rollcall/conformance';
import { silentLog } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import type { FromParent, FromProcess } from './between.ts';
import { Parent } from './parent.ts';
import type { Seat } from './seats.ts';

/** A process that does what a test says. It ends at SIGKILL, as each does, and at no other signal by itself. */
class ScriptedWorker extends EventEmitter {
  readonly sent: FromParent[] = [];
  readonly signals: string[] = [];
  readonly process = {
    pid: 4_711 as number | undefined,
    send: (message: FromParent) => this.sent.push(message) > 0,
    kill: (signal: string) => this.signals.push(signal) > 0,
  };

  isConnected(): boolean {
    return this.process.pid !== undefined;
  }

  says(message: FromProcess): void {
    this.emit('message', message);
  }

  /** What Node.js tells of one that the system had no room for: no end follows. */
  cannotBegin(code: string): void {
    this.process.pid = undefined;
    this.emit('error', Object.assign(new Error(`spawn node ${code}`), { code }));
  }

  ends(status: number | null, signal: string | null = null): void {
    this.emit('exit', status, signal);
  }
}

const serving: readonly Seat[] = [0, 1].map((number) => ({ number, kind: 'serving' }));

function givenAParent(seats: readonly Seat[] = serving) {
  const clock = new ManualClock();
  const workers: ScriptedWorker[] = [];
  const retired: string[] = [];
  const system: { refuses?: Error | undefined } = {};
  const parent = new Parent({
    seats,
    holdsDirectory: true,
    reusesPort: false,
    graceMs: 10_000,
    deadAfterMs: 10_000,
    clock,
    log: silentLog,
    retired: () => void retired.push('retired'),
    fork() {
      if (system.refuses) throw system.refuses;
      const worker = new ScriptedWorker();
      workers.push(worker);
      return worker as unknown as Worker;
    },
  });
  const last = (): ScriptedWorker => workers.at(-1) ?? expect.fail('none was started');
  return { clock, workers, last, retired, system, parent };
}

/** All are ready. */
async function givenAReadyParent(seats?: readonly Seat[]) {
  const given = givenAParent(seats);
  const started = given.parent.start();
  for (const worker of given.workers) worker.says({ to: 'ready', listening: [] });
  await started;
  return given;
}

const stop: FromParent = { to: 'stop' };

test('a process that is still being loaded hears no message: a signal stops it', async () => {
  const { clock, workers, last, parent } = await givenAReadyParent();
  const [first, second] = workers;
  second?.ends(null, 'SIGKILL');
  clock.advance(100);
  const stopped = parent.stop();
  expect(first).toMatchObject({ sent: [stop], signals: [] });
  expect(last()).toMatchObject({ sent: [], signals: ['SIGTERM'] });
  first?.ends(0);
  last().ends(null, 'SIGTERM');
  await stopped;
});

test('a process that said anything hears, ready or not: a message stops it', async () => {
  const { clock, last, workers, parent } = await givenAReadyParent();
  workers[1]?.ends(null, 'SIGKILL');
  clock.advance(100);
  last().says({ to: 'parent' });
  const stopped = parent.stop();
  expect(last()).toMatchObject({ sent: [stop], signals: [] });
  workers[0]?.ends(0);
  last().ends(0);
  await stopped;
});

test('where one cannot start, those that are still being loaded are stopped', async () => {
  const { workers, parent } = givenAParent();
  const started = parent.start();
  workers[0]?.ends(2);
  await expect(started).rejects.toThrow('process 0 of the adapter could not start');
  const stopped = parent.stop();
  expect(workers[1]?.signals).toEqual(['SIGTERM']);
  workers[1]?.ends(null, 'SIGTERM');
  await stopped;
});

test('a process that does not stop is killed after its grace', async () => {
  const { clock, workers, parent } = await givenAReadyParent();
  const stopped = parent.stop();
  workers[0]?.ends(0);
  await clock.advanceAsync(20_000);
  expect(workers.map(({ signals }) => signals)).toEqual([[], ['SIGKILL']]);
  workers[1]?.ends(null, 'SIGKILL');
  await settled();
  await stopped;
});

test('a process that could not be made is tried again, and a stop does not wait for it', async () => {
  const { clock, workers, last, parent } = await givenAReadyParent();
  workers[1]?.ends(null, 'SIGKILL');
  clock.advance(100);
  last().cannotBegin('EAGAIN');
  last().ends(null);
  clock.advance(200);
  expect(workers).toHaveLength(4);
  last().cannotBegin('EMFILE');
  const stopped = parent.stop();
  clock.advance(1_000);
  workers[0]?.ends(0);
  await stopped;
  expect(workers).toHaveLength(4);
});

test('a process whose making throws is tried again', async () => {
  const { clock, workers, system } = await givenAReadyParent();
  system.refuses = new Error('spawn ENOMEM');
  workers[1]?.ends(null, 'SIGKILL');
  clock.advance(100);
  system.refuses = undefined;
  clock.advance(200);
  expect(workers).toHaveLength(3);
});

test('where the first process could not be made, the start says why, and what began can be stopped', async () => {
  const { workers, parent } = givenAParent();
  const started = parent.start();
  workers[0]?.cannotBegin('EAGAIN');
  await expect(started).rejects.toThrow('process 0 of the adapter could not start (spawn node EAGAIN)');
  const stopped = parent.stop();
  workers[1]?.ends(null, 'SIGTERM');
  await stopped;
});

test('an error of the channel is not the end of a process', async () => {
  const { clock, workers } = await givenAReadyParent();
  workers[1]?.emit('error', new Error('write EPIPE'));
  clock.advance(60_000);
  expect(workers).toHaveLength(2);
});

test('SIGHUP reaches a process that is still being loaded once it hears: before, it would end it', async () => {
  const { clock, workers, last, parent } = givenAParent();
  const started = parent.start();
  workers[0]?.says({ to: 'parent' });
  parent.passOnHangup();
  expect(workers.map(({ signals }) => signals)).toEqual([['SIGHUP'], []]);
  for (const worker of workers) worker.says({ to: 'ready', listening: [] });
  await started;
  expect(workers[1]?.signals).toEqual(['SIGHUP']);
  workers[1]?.ends(null, 'SIGKILL');
  parent.passOnHangup();
  clock.advance(100);
  last().says({ to: 'ready', listening: [] });
  expect(last().signals).toEqual([]);
});

const retiring: readonly Seat[] = [
  { number: undefined, kind: 'serving' },
  { number: 0, kind: 'retiring' },
];

test('what a former process left is told once its process says so', async () => {
  const { workers, retired } = await givenAReadyParent(retiring);
  workers[1]?.says({ to: 'retired' });
  expect(retired).toEqual([]);
  workers[1]?.ends(0);
  expect(retired).toEqual(['retired']);
});

test('a process that retires and is stopped by hand has not told all: it is started again', async () => {
  const { clock, workers, last, retired } = await givenAReadyParent(retiring);
  workers[1]?.ends(0);
  clock.advance(100);
  expect(workers).toHaveLength(3);
  expect(retired).toEqual([]);
  last().says({ to: 'ready', listening: [] });
  last().says({ to: 'retired' });
  last().ends(0);
  expect(retired).toEqual(['retired']);
});

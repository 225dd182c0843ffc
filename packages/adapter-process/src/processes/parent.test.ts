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
    send: (message: FromParent) => this.sent.push(message) > 0,
    kill: (signal: string) => this.signals.push(signal) > 0,
  };

  isConnected(): boolean {
    return true;
  }

  says(message: FromProcess): void {
    this.emit('message', message);
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
      const worker = new ScriptedWorker();
      workers.push(worker);
      return worker as unknown as Worker;
    },
  });
  const last = (): ScriptedWorker => workers.at(-1) ?? expect.fail('none was started');
  return { clock, workers, last, retired, parent };
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

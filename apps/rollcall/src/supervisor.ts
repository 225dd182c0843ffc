import type { ChildProcess } from 'node:child_process';
import { later, type Clock } from '@rollcall/core';

export interface SupervisedOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Starts the process anew each time. */
  spawn(): ChildProcess;
  /** Resolves once the process works; rejects with what is wrong. */
  whenReady(child: ChildProcess): Promise<void>;
  /** Tells people what happened, in one line. */
  tell(line: string): void;
}

export interface Supervised {
  /** Starts the process; resolves once it is ready, rejects where it ends before. */
  start(): Promise<void>;
  /** Ends it: first kindly, after `patienceMs` by force. */
  stop(patienceMs: number): Promise<void>;
  kill(): void;
  /** Asks it to look at its registry, certificates and secrets. */
  lookNow(): void;
}

const firstDelayMs = 500;
const maxDelayMs = 10_000;

/** Keeps a child process running: one that dies is started again, later with each time in a row. */
export function supervise(options: SupervisedOptions): Supervised {
  const { name, clock, tell } = options;
  let child: ChildProcess | undefined;
  let stopping = false;
  let deaths = 0;
  let disarm = (): void => {};

  function launch(): Promise<void> {
    const started = options.spawn();
    child = started;
    let ready = false;
    const exited = new Promise<never>((_resolve, reject) => {
      started.once('exit', (code, signal) => {
        child = undefined;
        const how = signal === null ? `with status ${code}` : `by ${signal}`;
        if (!ready) reject(new Error(`${name} ended ${how} before it was ready`));
        else if (!stopping) restart(how);
      });
    });
    return Promise.race([options.whenReady(started), exited]).then(() => {
      ready = true;
    });
  }

  function restart(how: string): void {
    deaths += 1;
    const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (deaths - 1));
    tell(`${name} ended unexpectedly (${how}); starting it again`);
    disarm = clock.at(later(clock.monotonic(), delayMs), () => {
      launch().then(
        () => {
          tell(`${name} is back`);
          // A process that stays is forgiven.
          disarm = clock.at(later(clock.monotonic(), 60_000), () => (deaths = 0));
        },
        (error: unknown) => {
          if (!stopping) restart(error instanceof Error ? error.message : String(error));
        },
      );
    });
  }

  return {
    start: launch,
    async stop(patienceMs) {
      stopping = true;
      disarm();
      const running = child;
      if (!running) return;
      const ended = new Promise<void>((resolve) => running.once('exit', () => resolve()));
      running.kill('SIGTERM');
      const disarmForce = clock.at(later(clock.monotonic(), patienceMs), () => running.kill('SIGKILL'));
      await ended;
      disarmForce();
    },
    lookNow: () => void child?.kill('SIGHUP'),
    kill() {
      stopping = true;
      disarm();
      child?.kill('SIGKILL');
    },
  };
}

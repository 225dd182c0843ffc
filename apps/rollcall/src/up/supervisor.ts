import type { ChildProcess } from 'node:child_process';
import { later, type Clock } from '@rollcall/core/environment';

export interface SupervisedOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Starts a process. */
  spawn(): ChildProcess;
  /** Resolves once the process works; rejects with what is wrong. */
  whenReady(child: ChildProcess): Promise<void>;
  /** Reports to people what happened, in one line. */
  tell(line: string): void;
}

export interface Supervised {
  /** Starts the process; resolves once it is ready, rejects where it ends before. */
  start(): Promise<void>;
  /** Ends it with SIGTERM, and after `patienceMs` with SIGKILL. */
  stop(patienceMs: number): Promise<void>;
  kill(): void;
  /** Asks it to look at its registry, certificates and secrets. */
  lookNow(): void;
}

const firstDelayMs = 500;
const maxDelayMs = 10_000;
/** A process that runs for so long is forgiven its deaths. */
const forgivenAfterMs = 60_000;

/**
 * - `starting`: a process was started, and does not work yet.
 * - `running`: it works.
 * - `ended`: it died, and waits to be started again.
 * - `stopped`: it is not started again.
 */
type Phase = 'starting' | 'running' | 'ended' | 'stopped';

/** Keeps a child process running: one that dies is started again, later with each time in a row. */
export function supervise(options: SupervisedOptions): Supervised {
  const { name, clock, tell } = options;
  let phase: Phase = 'ended';
  let child: ChildProcess | undefined;
  let deaths = 0;
  let disarm = (): void => {};

  async function launch(): Promise<void> {
    const started = options.spawn();
    phase = 'starting';
    child = started;
    const exited = new Promise<never>((_resolve, reject) => {
      started.once('exit', (code, signal) => {
        if (child === started) child = undefined;
        const how = signal === null ? `with status ${code}` : `by ${signal}`;
        // Ignored unless the process was still starting.
        reject(new Error(`${name} ended ${how} before it was ready`));
        if (phase === 'running') restart(`ended unexpectedly (${how})`);
      });
      started.on('error', (error) => {
        // A process that was not started does not exit either.
        if (started.pid === undefined && child === started) child = undefined;
        reject(error);
      });
    });
    await Promise.race([options.whenReady(started), exited]);
    if (phase === 'starting') phase = 'running';
  }

  function restart(why: string): void {
    phase = 'ended';
    deaths += 1;
    const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (deaths - 1));
    tell(`${name} ${why}; starting it again`);
    disarm = clock.at(later(clock.monotonic(), delayMs), () => void relaunch());
  }

  async function relaunch(): Promise<void> {
    try {
      await launch();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const slow = child;
      // It has the ports and the journal, which the next one needs.
      if (slow) await killed(slow);
      if (phase !== 'stopped') restart(slow ? `was ended (${why})` : `ended unexpectedly (${why})`);
      return;
    }
    tell(`${name} is back`);
    disarm = clock.at(later(clock.monotonic(), forgivenAfterMs), () => (deaths = 0));
  }

  function startNoMore(): void {
    phase = 'stopped';
    disarm();
  }

  return {
    start: launch,
    async stop(patienceMs) {
      startNoMore();
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
      startNoMore();
      child?.kill('SIGKILL');
    },
  };
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await ended;
}

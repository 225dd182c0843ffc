import { once } from 'node:events';
import { startApp, type TestProcess } from '../../e2e/support/processes.ts';

export interface RestartableOptions {
  readonly app: string;
  readonly args?: readonly string[];
  readonly environment?: Record<string, string>;
  /** Whether the process works by now. */
  isReady(process: TestProcess): boolean | Promise<boolean>;
}

/** A process that is ended in every way, and started again. */
export interface Restartable {
  start(): Promise<void>;
  readonly process: TestProcess;
  /** Ends it and waits for that: `SIGKILL` as a crash, `SIGTERM` as an operator. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Stops it without ending it: it holds its connections, and says nothing. */
  freeze(): void;
  thaw(): void;
}

const readyWithinMs = 20_000;

export function restartable({ app, args = [], environment = {}, isReady }: RestartableOptions): Restartable {
  let running: TestProcess | undefined;

  function process(): TestProcess {
    if (!running) throw new Error(`${app} was not started`);
    return running;
  }

  return {
    async start() {
      running = startApp(app, args, environment);
      const givenUpAt = performance.now() + readyWithinMs;
      while (!(await isReady(running))) {
        if (performance.now() > givenUpAt || running.child.exitCode !== null)
          throw new Error(`${app} is not ready: ${[...running.stdout, ...running.stderr].join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    get process() {
      return process();
    },
    async end(signal) {
      const { child } = process();
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, 'exit');
    },
    freeze: () => void process().child.kill('SIGSTOP'),
    thaw: () => void process().child.kill('SIGCONT'),
  };
}

import { once } from 'node:events';
import { startApp, type TestProcess } from '../../e2e/support/processes.ts';
import { stopped } from '../../e2e/support/stopped.ts';

export interface RestartableOptions {
  readonly app: string;
  readonly args?: readonly string[];
  readonly environment?: Record<string, string>;
  /** How it is started; default: the app of this name, with these arguments. */
  readonly run?: () => TestProcess;
  /** How long it may take until it is ready; default: five minutes. */
  readonly readyWithinMs?: number;
  /** Whether the process works by now. */
  isReady(process: TestProcess): boolean | Promise<boolean>;
}

/** A process that is ended in every way, and started again. */
export interface Restartable {
  start(): Promise<void>;
  readonly process: TestProcess;
  /** Rejects when it ends, with how and with the last lines that it printed. */
  ended(): Promise<never>;
  /** Ends it and waits for that: `SIGKILL` as a crash, `SIGTERM` as an operator. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Stops it without ending it: it holds its connections, and says nothing. */
  freeze(): void;
  thaw(): void;
}

const lastLines = 40;

export function restartable({
  app,
  args = [],
  environment = {},
  run = () => startApp(app, args, environment),
  readyWithinMs = 300_000,
  isReady,
}: RestartableOptions): Restartable {
  let running: TestProcess | undefined;
  let goOn = (): void => {};

  function process(): TestProcess {
    if (!running) throw new Error(`${app} was not started`);
    return running;
  }

  return {
    async start() {
      const givenUpAt = performance.now() + readyWithinMs;
      running = run();
      while (!(await isReady(running))) {
        const isOver = running.child.exitCode !== null;
        if (isOver) await running.printedAll();
        if (performance.now() > givenUpAt || (isOver && !foundItsPortTaken(running)))
          throw new Error(`${app} is not ready: ${[...running.stdout, ...running.stderr].join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, isOver ? 200 : 50));
        if (isOver) running = run();
      }
    },
    get process() {
      return process();
    },
    async ended() {
      const { child, stdout, stderr, exited } = process();
      const code = await exited();
      const said = [...stdout.slice(-lastLines), ...stderr.slice(-lastLines)].join('\n');
      throw new Error(`${app} ended with ${code ?? child.signalCode}:\n${said}`);
    },
    async end(signal) {
      const { child } = process();
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, 'exit');
      goOn();
    },
    freeze() {
      const { pid } = process().child;
      if (pid !== undefined) goOn = stopped(pid);
    },
    thaw: () => goOn(),
  };
}

/** Some socket of a client may have the port for a moment: the system gives clients any port that is free. */
function foundItsPortTaken({ stdout, stderr }: TestProcess): boolean {
  return [...stdout, ...stderr].some((line) => line.includes('EADDRINUSE'));
}

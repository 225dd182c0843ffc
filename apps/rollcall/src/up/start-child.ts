import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { keepOutput } from './child-output.ts';

export interface ChildOptions {
  /** Names its log file. */
  readonly name: string;
  readonly main: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Directory of the log file. */
  readonly logs: string;
  /** Shows people a warning or an error of the child, in one line. */
  tell(line: string): void;
}

/** Variables that the children do not get. `DEBUG` makes libraries print what devices say, their passwords too. */
const notInherited = /^(?:ROLLCALL_|HONO_|(?:NODE_)?DEBUG$)/;

/** Starts a Node.js process in a process group of its own: Ctrl-C reaches this process only, which stops the children in order. */
export function startChild(options: ChildOptions): ChildProcess {
  const { name, main, args = [], environment, logs, tell } = options;
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !notInherited.test(key)),
  );
  const child = fork(main, args, {
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  if (child.stdout && child.stderr)
    keepOutput(name, child.stdout, child.stderr, join(logs, `${name}.log`), tell);
  return child;
}

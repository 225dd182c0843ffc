import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const endWithParent = new URL('end-with-parent.mjs', import.meta.url).href;

/** A process of ours under test, with what it printed so far. */
export interface TestProcess {
  readonly child: ChildProcess;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /**
   * Resolves with the first line, printed before or after the call, that `matches`. Rejects once the process has ended
   * without one.
   */
  line(matches: (line: string) => boolean, what: string): Promise<string>;
  /**
   * Sends a signal and resolves with the exit code, `null` where the signal ended the process. All that it printed is in `stdout` and
   * `stderr` then, unless it was killed: what it started may still print.
   */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Resolves with the exit code, once all that the process printed is in `stdout` and `stderr`. */
  exited(): Promise<number | null>;
  /** Resolves once the process has ended and all that it printed is in `stdout` and `stderr`. */
  printedAll(): Promise<void>;
}

const patienceMs = 300_000;

/** Runs the built main file of an app, `from` another copy of the repository. The environment has nothing of Rollcall but `env`. */
export function startApp(
  app: string,
  args: readonly string[],
  env: Record<string, string> = {},
  from = root,
): TestProcess {
  return startNode(app, [join(from, 'apps', app, 'dist', 'main.js'), ...args], env);
}

/** Runs the source of an app, unbuilt: its packages are separate files, as in the repository. */
export function startSource(app: string, env: Record<string, string>): TestProcess {
  return startNode(app, ['--conditions=@rollcall/source', join(root, 'apps', app, 'src', 'main.ts')], env);
}

function startNode(app: string, nodeArgs: readonly string[], env: Record<string, string>): TestProcess {
  const child = spawn(process.execPath, ['--import', endWithParent, ...nodeArgs], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return watched(app, child);
}

/** Runs a program of others. It does not end with this process by itself. */
export function startProgram([program = '', ...args]: readonly string[], folder: string): TestProcess {
  const child = spawn(program, args, {
    cwd: folder,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return watched(program, child);
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ROLLCALL|HONO)_/.test(name)));
}

function watched(app: string, child: ChildProcess): TestProcess {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const waiting = new Set<(line: string) => void>();
  collectLines(child.stdout, stdout, waiting);
  collectLines(child.stderr, stderr, waiting);
  // Not at `exit`: what the process printed last may be read after that.
  const printedAll = new AbortController();
  child.once('close', () => printedAll.abort());

  const ended = async (): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  };

  const allPrinted = async (): Promise<void> => {
    if (!printedAll.signal.aborted) await once(printedAll.signal, 'abort');
  };

  return {
    child,
    stdout,
    stderr,
    line: (matches, what) =>
      new Promise((resolve, reject) => {
        const before = [...stdout, ...stderr].find(matches);
        if (before !== undefined) {
          resolve(before);
          return;
        }
        const fail = (why: string): void => {
          stop();
          reject(new Error(`${app} ${why} ${what}:\n${[...stdout, ...stderr].join('\n')}`));
        };
        const failAtEnd = (): void => fail('ended, and did not print');
        const stop = (): void => {
          clearTimeout(timer);
          waiting.delete(check);
          printedAll.signal.removeEventListener('abort', failAtEnd);
        };
        const check = (line: string): void => {
          if (!matches(line)) return;
          stop();
          resolve(line);
        };
        const timer = setTimeout(() => fail('did not print'), patienceMs);
        waiting.add(check);
        if (printedAll.signal.aborted) failAtEnd();
        else printedAll.signal.addEventListener('abort', failAtEnd);
      }),
    async end(signal) {
      const code = ended();
      child.kill(signal);
      await code;
      if (signal !== 'SIGKILL') await allPrinted();
      return code;
    },
    async exited() {
      const code = await ended();
      await allPrinted();
      return code;
    },
    printedAll: allPrinted,
  };
}

function collectLines(
  stream: NodeJS.ReadableStream | null,
  lines: string[],
  waiting: ReadonlySet<(line: string) => void>,
): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      for (const check of waiting) check(line);
    }
  });
}

import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const patienceMs = 300_000;

export interface Shell {
  /**
   * Runs commands until they end, or, with `until`, until they printed that; then they are asked to end, as by Ctrl-C. Rejects
   * with what was printed where they fail, or do not get so far.
   */
  run(
    code: string,
    options?: { readonly until?: RegExp; readonly env?: Readonly<Record<string, string>> },
  ): Promise<string>;
}

/** A shell in `directory` that has `npm` and `rollcall`, those of this repository, and nothing of Rollcall in its environment. */
export function createShell(directory: string): Shell {
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  const program = (name: string, file: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec "${process.execPath}" "${join(root, file)}" "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  };
  program('npm', 'test/e2e/support/npm-stand-in.mjs');
  program('rollcall', 'apps/rollcall/dist/main.js');
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(ROLLCALL|HONO|NODE_OPTIONS|VITEST)/.test(name)),
  );
  const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);

  return {
    run: (code, { until, env = {} } = {}) =>
      new Promise((resolve, reject) => {
        // In a process group of its own, as a terminal makes one.
        const child = spawn('sh', ['-e', '-c', code], {
          cwd: directory,
          env: { ...clean, ...env, PATH: path },
          stdio: ['ignore', 'pipe', 'pipe'],
          detached: true,
        });
        let printed = '';
        let isDone = false;
        const signal = (name: NodeJS.Signals): void => {
          if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, name);
        };
        const timer = setTimeout(() => signal('SIGKILL'), patienceMs);
        // It has a process group of its own: nothing else ends it with this process.
        const endWithUs = (): void => signal('SIGKILL');
        process.once('exit', endWithUs);
        const collect = (chunk: Buffer): void => {
          printed += chunk.toString();
          if (isDone || until === undefined || !until.test(printed)) return;
          isDone = true;
          signal('SIGINT');
        };
        child.stdout.on('data', collect);
        child.stderr.on('data', collect);
        child.once('close', (status) => {
          clearTimeout(timer);
          process.off('exit', endWithUs);
          if (until === undefined ? status === 0 : isDone) resolve(printed);
          else reject(new Error(`${code}\nended with ${status}, and printed:\n${printed}`));
        });
      }),
  };
}

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('sender-proton.c', import.meta.url));

/**
 * Compiles the sender of Qpid Proton's C library and starts it.
 * @param {number} port @param {number} window
 * @returns {Promise<{ pid: number, send(messages: number): Promise<void>, stop(): Promise<void> } | string>} or why not
 */
export async function startProton(port, window) {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
  const program = join(directory, 'sender-proton');
  const compiled = spawnSync('cc', ['-O2', '-o', program, source, '-lqpid-proton'], { encoding: 'utf8' });
  if (compiled.status !== 0) {
    rmSync(directory, { recursive: true });
    return compiled.error === undefined
      ? 'sender-proton.c does not compile (Debian: libqpid-proton11-dev)'
      : 'no C compiler (cc)';
  }

  const child = spawn(program, [String(port), String(window)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { pid, stdin, stdout } = child;
  if (pid === undefined) throw new Error('sender-proton did not start');
  let stopping = false;
  child.once('exit', (code, signal) => {
    rmSync(directory, { recursive: true });
    if (stopping) return;
    console.error(`sender-proton ended unexpectedly (${signal ?? code})`);
    process.exit(1);
  });
  const lines = createInterface(stdout);
  await once(lines, 'line');
  return {
    pid,
    async send(messages) {
      const done = once(lines, 'line');
      stdin.write(`${messages}\n`);
      await done;
    },
    async stop() {
      stopping = true;
      // It ends when nobody asks any more, also where this process dies.
      stdin.end();
      await once(child, 'exit');
    },
  };
}

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../e2e/support/ports.ts';

/** A redis-server of its own, in memory alone, on loopback. */
export interface RedisInTest {
  readonly url: string;
  signal(name: NodeJS.Signals): void;
  /** What `redis-cli` prints for this command. */
  command(...words: readonly string[]): Promise<string>;
  kill(): Promise<void>;
  /** It is killed where it runs, and starts again with nothing. */
  restartEmpty(): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const running = new Set<ChildProcess>();
/** Also where the runner is told to end: `exit` alone does not see that. */
for (const signal of ['exit', 'SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    for (const child of running) child.kill('SIGKILL');
    if (signal !== 'exit') process.kill(process.pid, signal);
  });

export async function startRedisServer(): Promise<RedisInTest> {
  const port = freePort();
  // A replica writes there what it gets of its primary, and a server begins with what it finds there.
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-engine-'));
  const start = (): ChildProcess => {
    const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
    const begun = spawn('redis-server', [...place, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
    running.add(begun);
    begun.once('exit', () => running.delete(begun));
    return begun;
  };
  let child = start();
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  const listens = async (): Promise<void> => {
    for (;;) {
      const socket = connect(port, '127.0.0.1');
      const isThere = await Promise.race([
        once(socket, 'connect').then(() => true),
        once(socket, 'error').then(() => false),
      ]).catch(() => false);
      socket.destroy();
      if (isThere) return;
      await delay(20);
    }
  };
  await listens();
  return {
    url: `redis://127.0.0.1:${port}`,
    signal: (name) => void child.kill(name),
    command: async (...words) => (await run('redis-cli', ['-p', String(port), ...words])).stdout.trim(),
    kill,
    async restartEmpty() {
      await kill();
      rmSync(join(directory, 'dump.rdb'), { force: true });
      child = start();
      await listens();
    },
    async stop() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

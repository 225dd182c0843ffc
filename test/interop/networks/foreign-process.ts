import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface ForeignProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** It works once something listens here. */
  readonly port: number;
}

/** A process that is not ours, with all its children: started, ended in every way, and started again. */
export interface ForeignProcess {
  start(): Promise<void>;
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

const readyWithinMs = 45_000;

export function foreignProcess(options: ForeignProcessOptions): ForeignProcess {
  const { command, args, environment = {}, port } = options;
  let running: ChildProcess | undefined;
  let said = '';

  const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

  return {
    async start() {
      // In a group of its own, so that a signal reaches its children too.
      const child = spawn(command, args, {
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      running = child;
      said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4_000)));
      child.once('error', (error) => (said += error.message));
      const givenUpAt = performance.now() + readyWithinMs;
      while (!(await listens(port))) {
        if (hasEnded(child) || performance.now() > givenUpAt)
          throw new Error(`${command} is not ready: ${said}`);
        await pause(50);
      }
    },
    async end(signal) {
      if (!running?.pid || hasEnded(running)) return;
      const ended = once(running, 'exit');
      process.kill(-running.pid, signal);
      await ended;
    },
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A real server on a free port of the loopback interface. */
export interface RedisServer {
  readonly port: number;
  readonly pid: number;
  signal(name: NodeJS.Signals): void;
  /** Kills it, and starts it again on the same port. */
  restart(data: 'kept' | 'empty'): Promise<void>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
/** Also for signals that end the test runner: `exit` alone does not see them. */
for (const signal of ['exit', 'SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    for (const child of running) child.kill('SIGKILL');
    if (signal !== 'exit') process.kill(process.pid, signal);
  });

export async function startRedis(more: readonly string[] = [], port?: number): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-redis-'));
  const chosen = port ?? (await freePort());
  let child = await started(chosen, directory, more);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    running.delete(child);
  };
  return {
    port: chosen,
    get pid() {
      return child.pid ?? 0;
    },
    signal: (name) => void child.kill(name),
    async restart(data) {
      await kill();
      if (data === 'empty') rmSync(join(directory, 'appendonlydir'), { recursive: true, force: true });
      child = await started(chosen, directory, more);
    },
    async stop() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A sentinel with this configuration, which it writes to. */
export async function startSentinel(file: string): Promise<Pick<RedisServer, 'port' | 'stop'>> {
  const port = await freePort();
  const child = spawn('redis-server', [file, '--sentinel', '--port', String(port), '--bind', '127.0.0.1'], {
    stdio: 'ignore',
  });
  running.add(child);
  await listening(child, port);
  return {
    port,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      running.delete(child);
    },
  };
}

async function started(port: number, directory: string, more: readonly string[]): Promise<ChildProcess> {
  const usual = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'yes',
  ];
  const child = spawn('redis-server', [...usual, '--loglevel', 'warning', ...more], { stdio: 'ignore' });
  running.add(child);
  await listening(child, port);
  return child;
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 3_000; attempt++) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    if (await isOpen(port)) return;
    await delay(20);
  }
  throw new Error('redis-server does not listen');
}

// Below the range from which the system takes ports for clients (32768 and up, on Linux): so no client takes one before the server
// listens on it. Above those of the other tests.
const firstPort = 32_000;
const ports = 768;
// Processes that begin one after the other begin far from each other.
let tried = process.pid * 97;

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ports; attempt++) {
    tried += 1;
    const port = firstPort + (tried % ports);
    if (await canListen(port)) return port;
  }
  throw new Error(`no port from ${firstPort} on is free`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL of its own, on loopback. */
export interface Postgres {
  readonly port: number;
  /** Of a new database. */
  newDatabase(): string;
  start(): Promise<void>;
  end(signal: 'SIGKILL' | 'SIGINT'): Promise<void>;
  cleanUp(): Promise<void>;
}

/** Programs of the newest version that is installed; Debian does not put them onto the path. */
function programs(): string {
  const [newest] = globSync('/usr/lib/postgresql/*/bin').toSorted().toReversed();
  if (newest === undefined || !existsSync(join(newest, 'postgres')))
    throw new Error('there is no PostgreSQL');
  return newest;
}

export async function startPostgres(): Promise<Postgres> {
  const bin = programs();
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-postgres-'));
  const data = join(directory, 'data');
  const identity = ownerOf(directory);
  const port = await freePort();
  let databases = 0;
  let server: ChildProcess | undefined;
  const run = (program: string, ...args: readonly string[]): string =>
    execFileSync(join(bin, program), args, { ...identity, cwd: directory, encoding: 'utf8', stdio: 'pipe' });
  run(
    'initdb',
    '--pgdata',
    data,
    '--username',
    'rollcall',
    '--auth',
    'trust',
    '--no-sync',
    '--encoding',
    'UTF8',
  );

  async function start(): Promise<void> {
    // What is killed here is the process: the system keeps what it was given.
    const settings = [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${directory}`,
      'fsync=off',
    ].flatMap((setting) => ['-c', setting]);
    for (let tries = 0; tries < 600; tries += 1)
      try {
        // What served the killed one may be there for a moment longer, and keeps another from starting.
        if (!server || server.exitCode !== null)
          server = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...settings], {
            ...identity,
            cwd: directory,
            stdio: 'ignore',
          });
        run('pg_isready', '--host', '127.0.0.1', '--port', String(port));
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    throw new Error('PostgreSQL does not become ready');
  }

  async function end(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill(signal);
    await once(running, 'exit');
  }

  await start();
  return {
    port,
    newDatabase() {
      const name = `presence_${(databases += 1)}`;
      run('createdb', '--host', '127.0.0.1', '--port', String(port), '--username', 'rollcall', name);
      return `postgres://rollcall@127.0.0.1:${port}/${name}`;
    },
    start,
    end,
    async cleanUp() {
      await end('SIGINT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL does not run as root. */
function ownerOf(directory: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const identity = { uid: id('-u'), gid: id('-g') };
  chownSync(directory, identity.uid, identity.gid);
  return identity;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

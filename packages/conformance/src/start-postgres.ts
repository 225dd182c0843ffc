import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL of its own, on loopback. */
export interface Postgres {
  readonly port: number;
  /** Of a new database. */
  newDatabase(): string;
  start(): Promise<void>;
  end(signal: 'SIGKILL' | 'SIGINT'): Promise<void>;
  /** A second server that has all that this one commits, before that is told as committed; until it takes this one's place. */
  addStandby(): Promise<Standby>;
  cleanUp(): Promise<void>;
}

interface Standby {
  readonly port: number;
  /** Takes the place of the first server, which must have ended. */
  promote(): Promise<void>;
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
  let standby: ChildProcess | undefined;
  const run = (program: string, ...args: readonly string[]): string =>
    execFileSync(join(bin, program), args, { ...identity, cwd: directory, encoding: 'utf8', stdio: 'pipe' });
  initialize(run, data);

  const begin = (
    folder: string,
    at: number,
    isBegun: () => boolean,
    keep: (child: ChildProcess) => void,
  ): Promise<void> => {
    const options = { ...identity, cwd: directory, stdio: 'ignore' } as const;
    const spawned = (settings: readonly string[]): ChildProcess =>
      spawn(join(bin, 'postgres'), ['-D', folder, '-p', String(at), ...settings], options);
    return untilReady(directory, (settings) => {
      // What served the killed one may be there for a moment longer, and keeps another from starting.
      if (!isBegun()) keep(spawned(settings));
      run('pg_isready', '--host', '127.0.0.1', '--port', String(at));
    });
  };

  const start = (): Promise<void> =>
    begin(
      data,
      port,
      () => server !== undefined && server.exitCode === null,
      (child) => (server = child),
    );

  async function addStandby(): Promise<Standby> {
    const standbyPort = await freePort();
    return followed({ run, port, directory, standbyPort }, (folder) =>
      begin(
        folder,
        standbyPort,
        () => standby !== undefined,
        (child) => (standby = child),
      ),
    );
  }

  async function end(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill(signal);
    await once(running, 'exit');
  }

  async function cleanUp(): Promise<void> {
    standby?.kill('SIGKILL');
    await end('SIGINT');
    rmSync(directory, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    // Whoever asked for it gets nothing that could be ended.
    await cleanUp();
    throw error;
  }
  return {
    port,
    newDatabase() {
      const name = `presence_${(databases += 1)}`;
      run('createdb', '--host', '127.0.0.1', '--port', String(port), '--username', 'rollcall', name);
      return `postgres://rollcall@127.0.0.1:${port}/${name}`;
    },
    start,
    end,
    addStandby,
    cleanUp,
  };
}

function initialize(run: (program: string, ...args: readonly string[]) => string, data: string): void {
  const access = ['--username', 'rollcall', '--auth', 'trust'];
  run('initdb', '--pgdata', data, ...access, '--no-sync', '--encoding', 'UTF8');
}

/** @param look starts a server where none runs, and throws until it is ready. */
async function untilReady(directory: string, look: (settings: readonly string[]) => void): Promise<void> {
  // What is killed here is the process: the system keeps what it was given.
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${directory}`, 'fsync=off'];
  for (let tries = 0; tries < 600; tries += 1)
    try {
      look(settings.flatMap((setting) => ['-c', setting]));
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  throw new Error('PostgreSQL does not become ready');
}

interface Primary {
  run(program: string, ...args: readonly string[]): string;
  readonly port: number;
  readonly directory: string;
  readonly standbyPort: number;
}

/** A copy of the primary that follows it. @param begin starts a server in this folder. */
async function followed(
  { run, port, directory, standbyPort }: Primary,
  begin: (folder: string) => Promise<void>,
): Promise<Standby> {
  const copy = join(directory, 'standby');
  const at = (on: number): readonly string[] => [
    ...['--host', '127.0.0.1', '--port', String(on), '--username', 'rollcall'],
  ];
  const sql = (on: number, text: string): string => run('psql', ...at(on), '-Atc', text, 'postgres');
  run('pg_basebackup', ...at(port), '--pgdata', copy, '--write-recovery-conf', '--checkpoint', 'fast');
  await begin(copy);
  sql(port, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  sql(port, 'SELECT pg_reload_conf()');
  // Until it follows, the first one waits for it with each commit.
  return { port: standbyPort, promote: async () => void sql(standbyPort, 'SELECT pg_promote()') };
}

/** PostgreSQL does not run as root. */
function ownerOf(directory: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const identity = { uid: id('-u'), gid: id('-g') };
  chownSync(directory, identity.uid, identity.gid);
  return identity;
}

// Below the range from which the system takes ports for clients: none of them takes it while the server is restarted. Above those of
// `rollcall up`, below those of other tests.
const firstPort = 20_500;
const ports = 1_400;
// Processes that begin one after the other begin far from each other.
let tried = process.pid * 97;

async function freePort(): Promise<number> {
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

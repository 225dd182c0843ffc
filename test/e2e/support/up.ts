import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { upOffset } from './ports.ts';
import { startApp, type TestProcess } from './processes.ts';

/** One line of `up --json` or `tail --json`. */
export interface EventLine {
  readonly tenant: string;
  readonly device: string;
  readonly cause: 'connected' | 'disconnected';
  readonly 'remote-id': string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface RunningUp {
  readonly process: TestProcess;
  /** By how much its ports are moved. */
  readonly offset: number;
  readonly mqttPort: number;
  readonly httpPort: number;
  readonly networkPort: number;
  readonly healthPort: number;
  readonly dataDir: string;
  events(): readonly EventLine[];
  /** Resolves with all events once there are `count`. */
  untilEvents(count: number): Promise<readonly EventLine[]>;
  cleanUp(): Promise<void>;
}

/** Runs `rollcall up --json` on ports of its own, `from` another copy of the repository, and waits until it is ready. */
export async function startUp(args: readonly string[] = [], from?: string): Promise<RunningUp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollcall-up-'));
  const offset = await upOffset();
  const ownArgs = ['--json', '--port-offset', String(offset), '--data', dataDir];
  const up = startApp('rollcall', ['up', ...ownArgs, ...args], {}, from);
  const first = await up.line(
    (line) => line === 'Ready.' || line.includes(' is taken: '),
    'that it is ready',
  );
  if (first !== 'Ready.') {
    await rm(dataDir, { recursive: true, force: true });
    return startUp(args, from);
  }
  const events = (): readonly EventLine[] => up.stdout.map((line) => JSON.parse(line) as EventLine);
  return {
    process: up,
    offset,
    mqttPort: 1_883 + offset,
    httpPort: 8_080 + offset,
    networkPort: 15_672 + offset,
    healthPort: 9_101 + offset,
    dataDir,
    events,
    async untilEvents(count) {
      if (events().length < count) await up.line(() => events().length >= count, `${count} events`);
      return events();
    },
    async cleanUp() {
      await up.end('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

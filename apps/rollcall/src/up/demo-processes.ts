import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock as clock } from '@rollcall/core/environment';
import type { AdapterEntry } from '../adapters/adapter-entry.ts';
import { demoAdapters } from './demo-adapters.ts';
import { demoPresence } from './demo-presence.ts';
import { demoRegistry } from './demo-registry.ts';
import type { DemoPorts } from '../adapters/ports.ts';
import { packageFolder } from '../package-folder.ts';
import { startChild } from './start-child.ts';
import { supervise, type Supervised } from './supervisor.ts';

export interface DemoProcessesOptions {
  readonly table: readonly AdapterEntry[];
  readonly ports: DemoPorts;
  /** Where the devices are in a file: then there is no device registry. */
  readonly registryFile: string | undefined;
  readonly dataDir: string;
  /** Writes a line for people. */
  tell(line: string): void;
}

/** The processes of `up`. None of them is started yet. */
export interface DemoProcesses {
  readonly network: Supervised;
  readonly registry: Supervised | undefined;
  readonly presence: Supervised;
  readonly adapters: readonly Supervised[];
  stopAdapters(): Promise<void>;
  /** The presence service and the device registry, then the network. */
  stopServices(): Promise<void>;
  /** Ends all of them at once. */
  kill(): void;
}

const ownMain = fileURLToPath(new URL('dist/main.js', packageFolder));
const readyWithinMs = 30_000;
const stopWithinMs = 15_000;

/** Empties the directory of the logs. */
export function demoProcesses({
  table,
  ports,
  registryFile,
  dataDir,
  tell,
}: DemoProcessesOptions): DemoProcesses {
  const logs = join(dataDir, 'logs');
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });

  const network = supervise({
    name: 'messaging network',
    clock,
    tell,
    spawn: () =>
      startChild({
        name: 'network',
        main: ownMain,
        args: ['network', '--port', String(ports.network), '--data', join(dataDir, 'network')],
        logs,
        tell,
      }),
    whenReady: (child) => new Promise((ready) => child.once('message', () => ready())),
  });
  const registry =
    registryFile === undefined
      ? supervise({
          name: 'device registry',
          clock,
          tell,
          spawn: () => startChild({ ...demoRegistry(ports, dataDir), logs, tell }),
          whenReady: () => becomesReady(`http://127.0.0.1:${ports.registry.health}/readiness`),
        })
      : undefined;
  const adapters = demoAdapters(table, ports, registryFile, join(dataDir, 'journal')).map((adapter) =>
    supervise({
      name: adapter.title,
      clock,
      tell,
      spawn: () => startChild({ ...adapter, logs, tell }),
      whenReady: () => becomesReady(`http://127.0.0.1:${adapter.healthPort}/readiness`),
    }),
  );

  const presence = supervise({
    name: 'presence service',
    clock,
    tell,
    spawn: () => startChild({ ...demoPresence(ports, dataDir), logs, tell }),
    whenReady: () => becomesReady(`http://127.0.0.1:${ports.presence.health}/readiness`),
  });

  return {
    network,
    registry,
    presence,
    adapters,
    async stopAdapters() {
      await Promise.all(adapters.map((adapter) => adapter.stop(stopWithinMs)));
    },
    async stopServices() {
      await Promise.all([presence.stop(stopWithinMs), registry?.stop(stopWithinMs)]);
      await network.stop(stopWithinMs);
    },
    kill() {
      for (const each of [...adapters, presence, registry, network]) each?.kill();
    },
  };
}

async function becomesReady(url: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < readyWithinMs; waitedMs += 50) {
    const response = await fetch(url).catch(() => undefined);
    const { status } = ((await response?.json().catch(() => undefined)) ?? {}) as { status?: unknown };
    if (status === 'UP') return;
    await pause(50);
  }
  throw new Error(`not ready within ${readyWithinMs / 1_000} s: ${url}`);
}

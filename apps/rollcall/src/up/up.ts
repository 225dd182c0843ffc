import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { shutdownRequested } from '@rollcall/adapter-process';
import { onHangup } from '@rollcall/adapter-process/internal';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import type { AdapterEntry } from '../adapters/adapter-entry.ts';
import { adapterTable } from '../adapters/adapter-table.ts';
import { banner } from './banner.ts';
import { demoProcesses, type DemoProcesses } from './demo-processes.ts';
import { followEvents } from '../events/follow-events.ts';
import { demoPorts, type DemoPorts } from '../adapters/ports.ts';
import type { Supervised } from './supervisor.ts';
import { findUnusablePort } from './unusable-port.ts';
import { inOneLine, teller } from '../terminal/terminal.ts';

export interface UpCommand {
  readonly portOffset: number;
  readonly dataDir: string;
  readonly json: boolean;
  /** A registry file instead of the device registry. */
  readonly registry: string | undefined;
}

/** What a run of the demonstration works with. */
interface Stage {
  readonly command: UpCommand;
  readonly table: readonly AdapterEntry[];
  readonly ports: DemoPorts;
  readonly dataDir: string;
  readonly processes: DemoProcesses;
  readonly stop: StopRequest;
  /** Writes a line for people. */
  tell(line: string): void;
}

interface StopRequest {
  readonly isMade: boolean;
  /** Resolves when it is made. */
  readonly made: Promise<void>;
}

/** The tenant whose events are shown. */
const demoTenant = 'DEFAULT_TENANT';
/** How long the last events may take from the adapter's end to this terminal. */
const lastEventsWithinMs = 3_000;

/** `rollcall up`: everything on this machine, as separate processes, until Ctrl-C. Resolves with the exit status. */
export async function up(command: UpCommand): Promise<number> {
  const tellError = teller(process.stderr);
  // With --json, standard output is for events alone.
  const tell = command.json ? tellError : teller(process.stdout);
  const table = adapterTable();
  const ports = demoPorts(command.portOffset, table);
  const dataDir = resolve(command.dataDir);

  const unusable = await findUnusablePort(table, ports);
  if (unusable !== undefined) {
    tellError(unusable);
    return 1;
  }
  const registryFile = command.registry;
  const processes = demoProcesses({ table, ports, registryFile, dataDir, tell });
  const stop = requestOfStop(processes, tell);
  onHangup(() => {
    for (const adapter of processes.adapters) adapter.lookNow();
  });

  try {
    await play({ command, table, ports, dataDir, processes, stop, tell });
    return 0;
  } catch (error) {
    tellError(inOneLine(error));
    await processes.stopAdapters();
    return 1;
  } finally {
    await processes.stopServices();
  }
}

/** Starts everything, shows events until a stop is requested, and stops the adapters. */
async function play({ command, table, ports, dataDir, processes, stop, tell }: Stage): Promise<void> {
  const { network, registry, presence, adapters } = processes;
  await startUnlessStopped(network, stop);
  const sessions = openSessions();
  const consumer = followEvents({
    url: `amqp://127.0.0.1:${ports.network}`,
    tenant: demoTenant,
    application: 'rollcall-up',
    json: command.json,
    announcements: false,
    tell: (line) => stop.isMade || tell(line),
    onEvent: sessions.note,
  });
  await consumer.ready;
  if (registry) await startUnlessStopped(registry, stop);
  await Promise.all([presence, ...adapters].map((child) => startUnlessStopped(child, stop)));
  if (!stop.isMade)
    for (const line of banner({
      table,
      ports,
      dataDir,
      offset: command.portOffset,
      hasRegistry: registry !== undefined,
    }).split('\n'))
      tell(line);
  await stop.made;
  await processes.stopAdapters();
  for (let waitedMs = 0; sessions.count() > 0 && waitedMs < lastEventsWithinMs; waitedMs += 20)
    await pause(20);
  await consumer.close();
}

/** A second signal ends everything at once. */
function requestOfStop(processes: DemoProcesses, tell: (line: string) => void): StopRequest {
  let isMade = false;
  const made = shutdownRequested(() => {
    processes.kill();
    process.exit(1);
  }).then((cause) => {
    isMade = true;
    tell('');
    tell(`${cause}: stopping; sessions end, leases live on`);
  });
  return {
    get isMade() {
      return isMade;
    },
    made,
  };
}

async function startUnlessStopped(child: Supervised, stop: StopRequest): Promise<void> {
  if (!stop.isMade) await Promise.race([child.start(), stop.made]);
}

/** The sessions that the events say are open. They end with their adapter; leases outlive it. */
function openSessions() {
  const open = new Set<string>();
  return {
    note(event: ReceivedEvent): void {
      if (event.type === 'disconnected') open.delete(event.connectionId);
      else if (event.basis.kind === 'session') open.add(event.connectionId);
    },
    count: () => open.size,
  };
}

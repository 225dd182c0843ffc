import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onHangup } from '@rollcall/adapter-kit';
import { systemClock as clock } from '@rollcall/core';
import { banner } from './banner.ts';
import { keepOutput } from './child-output.ts';
import { demoAdapters } from './demo-adapters.ts';
import { followEvents } from './follow-events.ts';
import { demoPorts } from './ports.ts';
import { supervise, type Supervised } from './supervisor.ts';
import { findTakenPort } from './taken-port.ts';
import { inOneLine, teller } from './terminal.ts';

export interface UpCommand {
  readonly portOffset: number;
  readonly dataDir: string;
  readonly json: boolean;
  /** A registry file instead of the demonstration's. */
  readonly registry: string | undefined;
}

/** The tenant whose events are shown. */
const demoTenant = 'DEFAULT_TENANT';
const readyWithinMs = 30_000;
const stopWithinMs = 15_000;
/** How long the last events may take from the adapter's end to this terminal. */
const lastEventsWithinMs = 3_000;

const ownMain = fileURLToPath(import.meta.resolve('./main.js'));
const demoRegistry = fileURLToPath(new URL('../demo/registry.yaml', import.meta.url));

/** `rollcall up`: everything on this machine, as separate processes, until Ctrl-C. Resolves with the exit status. */
export async function up(command: UpCommand): Promise<number> {
  const ports = demoPorts(command.portOffset);
  const dataDir = resolve(command.dataDir);
  // With --json, standard output is for events alone.
  const tell = teller(command.json ? process.stderr : process.stdout);

  const taken = await findTakenPort(ports);
  if (taken !== undefined) {
    teller(process.stderr)(taken);
    return 1;
  }
  const logs = join(dataDir, 'logs');
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });

  let stopping = false;
  const asked = stopRequested(() => {
    // Asked twice: no more patience.
    for (const adapter of adapters) adapter.kill();
    network.kill();
    process.exit(1);
  }).then((signal) => {
    stopping = true;
    tell('');
    tell(`${signal}: stopping; sessions end, leases live on`);
  });

  const network = supervise({
    name: 'messaging network',
    clock,
    tell,
    spawn: () =>
      startChild(
        'network',
        ownMain,
        ['network', '--port', String(ports.network), '--data', join(dataDir, 'network')],
        {},
        logs,
        tell,
      ),
    whenReady: (child) => new Promise((ready) => child.once('message', () => ready())),
  });
  /** Leases outlive the adapter; sessions end with it. */
  const openSessions = new Set<string>();
  const registry = command.registry ?? demoRegistry;
  const adapters = demoAdapters(ports, registry, join(dataDir, 'journal')).map((adapter) =>
    supervise({
      name: adapter.title,
      clock,
      tell,
      spawn: () => startChild(adapter.name, adapter.main, [], adapter.environment, logs, tell),
      whenReady: () => becomesReady(`http://127.0.0.1:${adapter.healthPort}/readiness`),
    }),
  );

  onHangup(() => {
    for (const adapter of adapters) adapter.lookNow();
  });
  const stopAll = () => Promise.all(adapters.map((adapter) => adapter.stop(stopWithinMs)));

  try {
    await startUnless(() => stopping, network, asked);
    const consumer = followEvents({
      url: `amqp://127.0.0.1:${ports.network}`,
      tenant: demoTenant,
      application: 'rollcall-up',
      json: command.json,
      announcements: false,
      tell: (line) => stopping || tell(line),
      onEvent(event) {
        if (event.type === 'disconnected') openSessions.delete(event.connectionId);
        else if (event.basis.kind === 'session') openSessions.add(event.connectionId);
      },
    });
    await consumer.ready;
    await Promise.all(adapters.map((adapter) => startUnless(() => stopping, adapter, asked)));
    if (!stopping) for (const line of banner(ports, dataDir, command.portOffset).split('\n')) tell(line);
    await asked;
    await stopAll();
    for (let waitedMs = 0; openSessions.size > 0 && waitedMs < lastEventsWithinMs; waitedMs += 20)
      await pause(20);
    await consumer.close();
    return 0;
  } catch (error) {
    teller(process.stderr)(inOneLine(error));
    await stopAll();
    return 1;
  } finally {
    await network.stop(stopWithinMs);
  }
}

async function startUnless(stopping: () => boolean, child: Supervised, asked: Promise<void>): Promise<void> {
  if (!stopping()) await Promise.race([child.start(), asked]);
}

/** In a process group of its own: Ctrl-C reaches this process only, and the order of stopping is ours. */
function startChild(
  name: string,
  main: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  logs: string,
  tell: (line: string) => void,
): ChildProcess {
  const inherited = Object.fromEntries(
    // These make libraries print what devices say, their passwords too.
    Object.entries(process.env).filter(([key]) => !/^(?:ROLLCALL_|HONO_|(?:NODE_)?DEBUG$)/.test(key)),
  );
  const child = fork(main, args, {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  if (child.stdout && child.stderr)
    keepOutput(name, child.stdout, child.stderr, join(logs, `${name}.log`), tell);
  return child;
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

/** By a signal, or by the end of whoever started this with an IPC channel. A second signal is impatience; that end is none. */
function stopRequested(onSecond: () => void): Promise<string> {
  return new Promise((resolveFirst) => {
    let askedBefore = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (askedBefore) onSecond();
      askedBefore = true;
      resolveFirst(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    if ((process.connected as boolean | undefined) === false) resolveFirst('asked');
    process.once('disconnect', () => resolveFirst('asked'));
    process.channel?.unref();
  });
}

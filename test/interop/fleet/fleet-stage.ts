import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atTheEnd } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { keepRecord, type EventRecord } from '../../faults/support/record.ts';
import { setStage, type Stage } from '../../faults/support/stage.ts';
import { startRedisServer, type RedisInTest } from './redis-server.ts';
import type { RequestProtocol } from './requesting-devices.ts';
import type { RoamingProtocol } from './roaming-devices.ts';
import { relayTcpTo, type TcpRelay } from './tcp-relay.ts';

const clockOffset = fileURLToPath(new URL('clock-offset.mjs', import.meta.url));

/** One adapter of a fleet, and its ways. */
export interface MemberOnStage {
  /** Of the adapter. */
  readonly id: string;
  readonly stage: Stage;
  readonly toEngine: TcpRelay;
  readonly toNetwork: TcpRelay;
  /** When it was killed, in milliseconds since the Unix epoch. */
  readonly killedAt: number[];
  /** As a time service that sets its wall clock: from now on it is so far ahead of the machine's. */
  stepClock(offsetMs: number): void;
}

/** A fleet of adapter processes, their engine, their network, and what a consumer gets of them. */
export interface FleetOnStage {
  readonly members: readonly MemberOnStage[];
  readonly network: Stage['network'];
  readonly networkUrl: string;
  readonly engine: RedisInTest;
  readonly record: EventRecord;
}

/** A replica of a fleet's engine, from which it is cut off now. The result kills the engine, and lets the replica take its place. */
export async function replicaThatHearsNoMore({
  engine,
  members,
}: FleetOnStage): Promise<() => Promise<void>> {
  const replica = await startRedisServer();
  atTheEnd(() => replica.stop());
  await replica.command('REPLICAOF', '127.0.0.1', new URL(engine.url).port);
  await eventuallyNone(async () => {
    const facts = await replica.command('INFO', 'replication');
    return facts.includes('master_link_status:up') ? [] : ['it does not follow'];
  });
  await replica.command('REPLICAOF', 'NO', 'ONE');
  return async () => {
    await engine.kill();
    for (const { toEngine } of members) toEngine.leadTo(Number(new URL(replica.url).port));
  };
}

export interface FleetOnStageOptions {
  readonly protocol: RoamingProtocol | RequestProtocol;
  readonly members: number;
  readonly devices: number;
  readonly deadAfterMs: number;
  /** Of each adapter, beside what the stage needs. */
  readonly environment?: Record<string, string>;
  /** How far the wall clock of each is ahead; default: not at all, and it cannot be stepped. */
  readonly clockOffsetsMs?: readonly number[];
}

/** Everything runs when it resolves; it ends with the test. */
export async function fleetOnStage({
  protocol,
  members,
  devices,
  deadAfterMs,
  environment = {},
  clockOffsetsMs = [],
}: FleetOnStageOptions): Promise<FleetOnStage> {
  const engine = await startRedisServer();
  atTheEnd(() => engine.stop());
  const host = setStage({ protocol, devices });
  atTheEnd(() => host.strike());
  await host.network.start();
  const record = await keepRecord(host.networkUrl, true);
  atTheEnd(() => record.close());
  const begun = Array.from({ length: members }, async (_, index): Promise<MemberOnStage> => {
    const toEngine = await relayTcpTo(Number(new URL(engine.url).port));
    const toNetwork = await relayTcpTo(Number(new URL(host.networkUrl).port));
    atTheEnd(() => toEngine.close());
    atTheEnd(() => toNetwork.close());
    const id = `${protocol}-${index}`;
    const offsetMs = clockOffsetsMs[index] ?? 0;
    const offsetFile = join(dirname(host.registry), `clock-${index}`);
    const stage = setStage({
      protocol,
      devices,
      networkPort: toNetwork.port,
      environment: {
        ROLLCALL_ADAPTER_ID: id,
        ROLLCALL_DIRECTORY_URL: `redis://127.0.0.1:${toEngine.port}`,
        ROLLCALL_DIRECTORY_DEADAFTER: String(deadAfterMs),
        ROLLCALL_MESSAGING_RECONNECTMAXDELAY: '1000',
        // The devices say nothing while a test waits.
        ...(protocol === 'amqp' && { ROLLCALL_AMQP_IDLETIMEOUT: '600000' }),
        ...environment,
        ...(clockOffsetsMs.length > 0 && {
          NODE_OPTIONS: `--import=${clockOffset}`,
          TEST_CLOCK_OFFSET_MS: String(offsetMs),
          TEST_CLOCK_OFFSET_FILE: offsetFile,
        }),
      },
    });
    atTheEnd(async () => {
      stage.adapter.thaw();
      await stage.strike();
    });
    await stage.adapter.start();
    return {
      id,
      stage,
      toEngine,
      toNetwork,
      killedAt: [],
      stepClock: (stepMs) => writeFileSync(offsetFile, String(stepMs)),
    };
  });
  return {
    members: await Promise.all(begun),
    network: host.network,
    networkUrl: host.networkUrl,
    engine,
    record,
  };
}

/** As `kill -9`. */
export async function kill({ stage, killedAt }: MemberOnStage): Promise<void> {
  const { child } = stage.adapter.process;
  const ended = once(child, 'exit');
  killedAt.push(Date.now());
  child.kill('SIGKILL');
  await ended;
}

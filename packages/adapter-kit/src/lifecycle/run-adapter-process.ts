import { hostname } from 'node:os';
import { spreadLastNet } from '@rollcall/containment';
import {
  ConfigError,
  systemClock as clock,
  systemRandom as random,
  type Clock,
  type DeviceDataSender,
  type DeviceRegistry,
  type EventSink,
  type IdentifierRule,
  type Log,
  type PasswordVerifier,
  type Random,
} from '@rollcall/core';
import { defaultLogins } from '../authentication/authenticator.ts';
import { followMessaging, type MessagingFiles } from '../config/follow-messaging.ts';
import { messagingSettings, type MessagingSettings } from '../config/messaging-settings.ts';
import { inForce, type NetworkPreset } from '../config/in-force.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { logFormatOf, type LogFormat } from '../config/log-format.ts';
import { networkSettings, type NetworkSettings } from '../config/network-options.ts';
import type { Options } from '../config/option.ts';
import { printConfig } from '../config/print-config.ts';
import type { Effective } from '../config/read-options.ts';
import { selectSinks } from '../config/select-sinks.ts';
import { tellLeftAside } from '../config/tell-left-aside.ts';
import { createFollowedFiles } from '../followed-files/followed-files.ts';
import { startEarlyHealth } from '../health/early-health.ts';
import { selectJournal } from '../journal/select-journal.ts';
import { memoryLimit } from '../outbox/memory-limit.ts';
import type { ProtocolAdapter } from '../protocol-adapter.ts';
import { startAdapter } from '../start-adapter.ts';
import { guardConsole } from './guard-console.ts';
import { onHangup } from './on-hangup.ts';
import { libraryDebugProblems } from './library-debug.ts';
import { exitStatus, runProcess } from './run-process.ts';
import { tellOfDrain } from './tell-of-drain.ts';
import { endWithParent, shutdownRequested } from './shutdown-requested.ts';

interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** An adapter as a program of its own. */
export interface AdapterProgram<Own extends Options> {
  /** Stands in each line of its log. */
  readonly name: string;
  createLog(settings: LogSettings): Log;
  load(env: NodeJS.ProcessEnv): LoadedConfig<Own>;
  compose(config: LoadedConfig<Own>): Composition;
}

export interface LogSettings {
  readonly name: string;
  /** Least severe line that is written. */
  readonly level: string;
  readonly format: LogFormat;
}

/** What an app brings along: its adapter, and the implementations of the ports that it was composed with. */
export interface Composition {
  readonly adapter: ProtocolAdapter;
  readonly maxConnections: number;
  openRegistry(
    options: Environment & {
      readonly file: string;
      readonly holdMs: number;
      readonly tenantRules: readonly IdentifierRule[];
    },
  ): Promise<DeviceRegistry>;
  /** Tenants that the messaging network cannot carry. */
  tenantRules(network: NetworkSettings): readonly IdentifierRule[];
  /** What each kind of messaging network wants. */
  readonly networkPresets: Readonly<Record<NetworkSettings['name'], NetworkPreset>>;
  createPasswords(options: Environment): PasswordVerifier & { close(): Promise<void> };
  createMessaging(options: Environment & MessagingSettings): {
    eventsSink(): EventSink;
    readonly sender: DeviceDataSender;
  };
  createLoggerSink(options: { readonly log: Log; readonly level: 'info' | 'debug' }): EventSink;
}

/**
 * Runs an adapter as a process of its own: reads the configuration from the environment, starts, and stops when asked to.
 * With `--print-config` it shows the effective configuration instead.
 */
export function runAdapterProcess<Own extends Options>(program: AdapterProgram<Own>): Promise<void> {
  const { name, createLog } = program;
  // Until the configuration is read. Then it is known how the log is to be written.
  let log = createLog({ name, level: 'error', format: logFormatOf(process.env) });
  const main = async (): Promise<number> => {
    const debugging = libraryDebugProblems(process.env);
    if (debugging.length > 0) throw new ConfigError(debugging);
    const config = program.load(process.env);
    if (process.argv.includes('--print-config')) {
      process.stdout.write(printConfig(effectiveIn(config, program.compose(config))));
      return exitStatus.stopped;
    }
    const { kit } = config;
    log = createLog({ name, level: kit.logLevel, format: kit.logFormat });
    tellLeftAside(config, log);
    return runAdapter(config, program.compose(config), log);
  };
  return runProcess(main, () => log);
}

function effectiveIn(
  { effective }: LoadedConfig<Options>,
  { adapter, networkPresets: presets }: Composition,
): readonly Effective[] {
  return inForce(effective, { presets, adapterId: defaultAdapterId(adapter) });
}

function defaultAdapterId({ type }: ProtocolAdapter): string {
  return `${hostname()}-${type}`;
}

/** Until it was asked to stop, and has. Resolves with the exit status. */
async function runAdapter(config: LoadedConfig<Options>, parts: Composition, log: Log): Promise<number> {
  const { kit } = config;
  const files = createFollowedFiles({ clock, log });
  let lookAtRegistry = (): void => {};
  onHangup(() => {
    log.info({}, 'SIGHUP: looking at the registry, certificates and secrets');
    lookAtRegistry();
    files.lookNow();
  });
  const mayEndAtOnceNoMore = endWithParent();
  spreadLastNet(log);
  guardConsole(log);
  const adapterId = kit.adapterId ?? defaultAdapterId(parts.adapter);
  const journal = selectJournal(
    adapterId,
    {
      kind: kit.journalKind,
      directory: kit.journalDirectory,
      durability: kit.journalDurability,
      maxBytes: kit.journalMaxBytes,
      commitWaitMs: kit.commitWaitMs,
    },
    { clock, log },
  );
  if (journal && kit.adapterId === undefined)
    log.warn(
      { adapterId },
      'ROLLCALL_ADAPTER_ID is not set: where the host name changes, the journal is not found again',
    );
  const health = await startEarlyHealth({ host: kit.healthBindAddress, port: kit.healthPort, log });
  const registry = await parts.openRegistry({
    file: kit.registryFile ?? '',
    holdMs: kit.registryHoldMs,
    tenantRules: parts.tenantRules(networkSettings(kit)),
    clock,
    random,
    log,
  });
  lookAtRegistry = () => registry.lookNow?.();
  const passwords = parts.createPasswords({ clock, random, log });
  const messaging = parts.createMessaging({
    clock,
    random,
    log,
    ...followMessaging(messagingSettings(parts.adapter.type, kit), filesOf(config), files, clock),
  });
  const sinks = await selectSinks(
    kit.producers,
    {
      logging: () => parts.createLoggerSink({ log, level: kit.eventLogLevel }),
      events: () => messaging.eventsSink(),
    },
    { clock, random, log },
  );

  const running = await startAdapter({
    adapter: parts.adapter,
    registry,
    passwords,
    sinks,
    sender: messaging.sender,
    ...(journal && { journal }),
    clock,
    random,
    log,
    files,
    health,
    settings: {
      adapterId,
      exposeRemoteAddress: kit.remoteAddress,
      maxConnections: parts.maxConnections,
      admission: {
        maxRunning: kit.maxAuthenticating,
        maxWaiting: kit.maxWaiting,
        maxWaitMs: kit.maxWaitMs,
      },
      maxSessionsPerDevice: kit.maxSessionsPerDevice,
      logins: {
        ...defaultLogins,
        failureAnswerMs: kit.failureAnswerMs,
        isShared: (address) => kit.sharedAddresses?.has(address) ?? false,
      },
      maxMessagesPerSecond: kit.maxMessagesPerSecond,
      drainPerSecond: kit.drainPerSecond,
      commitWaitMs: kit.commitWaitMs,
      announceIntervalMs: kit.announceIntervalMs,
      outbox: {
        maxEvents: kit.outboxEvents,
        maxBytes: kit.outboxBytes,
        maxMemoryBytes: memoryLimit(kit.outboxMemoryBytes),
      },
    },
  });
  tellOfDrain(parts, kit, log);
  log.info({ listening: running.listening, healthPort: running.healthPort, ...running.identity }, 'ready');

  mayEndAtOnceNoMore();
  const cause = await shutdownRequested('SIGINT', 'SIGTERM');
  log.info({ cause }, 'stopping');
  await running.stop({ graceMs: kit.shutdownGraceMs });
  await registry.close();
  await passwords.close();
  log.info({}, 'stopped');
  return running.lost.length > 0 ? exitStatus.eventsLost : exitStatus.stopped;
}

/** Those that the connection to the messaging network needs. */
function filesOf({ kit, effective }: LoadedConfig<Options>): MessagingFiles {
  return {
    trustStore: kit.messagingTrustStore,
    cert: kit.messagingCert,
    key: kit.messagingKey,
    password: effective.find(({ variable }) => variable === 'ROLLCALL_MESSAGING_PASSWORD')?.file,
  };
}

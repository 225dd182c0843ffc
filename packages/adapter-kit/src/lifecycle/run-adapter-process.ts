import { hostname } from 'node:os';
import { spreadLastNet } from '@rollcall/containment';
import {
  sleep,
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
import { messagingSettings, type MessagingSettings } from '../config/messaging-settings.ts';
import { printConfig, type LoadedConfig } from '../config/load-config.ts';
import { networkSettings, type NetworkSettings } from '../config/network-options.ts';
import type { Options } from '../config/option.ts';
import { selectSinks } from '../config/select-sinks.ts';
import { startEarlyHealth } from '../health/early-health.ts';
import { selectJournal } from '../journal/select-journal.ts';
import { memoryLimit } from '../outbox/memory-limit.ts';
import type { ProtocolAdapter } from '../protocol-adapter.ts';
import { startAdapter } from '../start-adapter.ts';
import { guardConsole } from './guard-console.ts';
import { runProcess } from './run-process.ts';
import { shutdownRequested } from './shutdown-requested.ts';

interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * How long the last lines of the log have to be written. Where nobody reads the log any more, pino must hear of that
 * before the process exits: at exit it would try for ever (sonic-boom's `flushSync` repeats a write that fails with EPIPE).
 */
const lastLinesMs = 100;

/** What an app brings along: its adapter, and the implementations of the ports that it was composed with. */
export interface Composition {
  readonly adapter: ProtocolAdapter;
  readonly maxConnections: number;
  readonly log: Log;
  openRegistry(
    options: Environment & {
      readonly file: string;
      readonly holdMs: number;
      readonly tenantRules: readonly IdentifierRule[];
    },
  ): Promise<DeviceRegistry>;
  /** Tenants that the messaging network cannot carry. */
  tenantRules(network: NetworkSettings): readonly IdentifierRule[];
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
export function runAdapterProcess<Own extends Options>(
  load: (env: NodeJS.ProcessEnv) => LoadedConfig<Own>,
  compose: (config: LoadedConfig<Own>) => Composition,
): Promise<void> {
  return runProcess(async () => {
    const config = load(process.env);
    if (process.argv.includes('--print-config')) {
      process.stdout.write(printConfig(config.effective));
      return;
    }
    const { kit } = config;
    const parts = compose(config);
    const { log } = parts;
    spreadLastNet(log);
    guardConsole(log);
    if (process.env['DEBUG'] !== undefined)
      log.warn({}, 'DEBUG is set: libraries print what devices say, their passwords too, on standard error');
    const adapterId = kit.adapterId ?? `${hostname()}-${parts.adapter.type}`;
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
    const passwords = parts.createPasswords({ clock, random, log });
    const messaging = parts.createMessaging({
      clock,
      random,
      log,
      ...messagingSettings(parts.adapter.type, kit),
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
        commitWaitMs: kit.commitWaitMs,
        announceIntervalMs: kit.announceIntervalMs,
        outbox: {
          maxEvents: kit.outboxEvents,
          maxBytes: kit.outboxBytes,
          maxMemoryBytes: memoryLimit(kit.outboxMemoryBytes),
        },
      },
    });
    log.info({ listening: running.listening, healthPort: running.healthPort, ...running.identity }, 'ready');

    const cause = await shutdownRequested('SIGINT', 'SIGTERM');
    log.info({ cause }, 'stopping');
    await running.stop({ graceMs: kit.shutdownGraceMs });
    await registry.close();
    await passwords.close();
    log.info({}, 'stopped');
    await sleep(clock, lastLinesMs);
    // Whatever a library left open must not keep a stopped adapter alive.
    process.exit(0);
  });
}

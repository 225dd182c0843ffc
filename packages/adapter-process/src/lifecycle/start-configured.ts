import type { ResourceStack } from '@rollcall/runtime';
import type { AdapterParts, RunningAdapter } from '../composition/adapter-parts.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { DirectoryModule, FleetEngine } from '@rollcall/directory-module';
import type { Options } from '@rollcall/options';
import { filesOfSecrets, type ChosenModule } from '@rollcall/options/module';
import { selectSinks } from '../config/select-sinks.ts';
import { createFollowedFiles, type FollowedFiles, type FollowedSet } from '@rollcall/file-follower';
import { startEarlyHealth, type EarlyHealth } from '../health/early-health.ts';
import type { Journal } from '@rollcall/outbox';
import { selectJournal } from '@rollcall/outbox/internal';
import { createMessaging } from '@rollcall/messaging-module/internal';
import { openPresenceSignal } from '../second-signal/open-presence-signal.ts';
import { startAdapter } from '../start-adapter.ts';
import { defaultAdapterId } from './default-adapter-id.ts';
import type { Composition, Environment } from './run-adapter-process.ts';
import { openRegistry } from './open-registry.ts';
import { runSettings } from './run-settings.ts';

/** What an adapter has of the parent of its process, where it is one of several. */
export interface SeatParts {
  readonly adapterId: string;
  readonly health: EarlyHealth;
  readonly portFor: NonNullable<AdapterParts['portFor']>;
  /** The directory that the parent holds; used where no engine is configured. */
  readonly fleet: Pick<FleetEngine, 'join' | 'createUndertaker'>;
}

/**
 * Opens what the configuration names, and starts the adapter with it. What was begun is in `resources`, also where something fails;
 * to dispose of it stops the adapter first.
 *
 * @param mayLook gets what can look whether its files have changed.
 */
export async function startConfigured(
  config: LoadedConfig<Options>,
  composition: Composition,
  environment: Environment,
  resources: ResourceStack,
  mayLook: (look: () => void) => void = () => {},
  seat?: SeatParts,
): Promise<RunningAdapter> {
  const { kit, messaging: chosen, directory } = config;
  const { adapter } = composition;
  const { log } = environment;
  /** The adapter closes what it is given. */
  let isGiven = false;
  const untilGiven = <Part extends { close(): Promise<void> }>(part: Part): Part =>
    resources.adopt(part, (each) => (isGiven ? undefined : each.close()));

  const adapterId = seat?.adapterId ?? kit.adapterId ?? defaultAdapterId(adapter);
  const files = resources.adopt(createFollowedFiles(environment), (each) => each.stop());
  mayLook(() => files.lookNow());
  const opened = openJournal(config, adapterId, environment);
  const journal = opened && untilGiven(opened);
  const health = untilGiven(
    seat?.health ?? (await startEarlyHealth({ host: kit.healthBindAddress, port: kit.healthPort, log })),
  );
  const messagingContext = {
    ...environment,
    adapterType: adapter.type,
    followFiles: (set: FollowedSet) => files.follow(set),
  };
  const registry = await openRegistry(config, composition, adapterId, messagingContext);
  resources.defer(() => registry.close());
  mayLook(() => registry.lookNow?.());
  const passwords = resources.adopt(composition.createPasswords(environment), (each) => each.close());
  const messaging = createMessaging(chosen, config.effective, messagingContext);
  const sender = untilGiven(messaging.sender);
  const engine = directory ? openEngine(directory, config, files, environment) : seat?.fleet;
  const signal =
    directory &&
    openPresenceSignal(kit, config.effective, { ...environment, followFiles: (set) => files.follow(set) });
  const sinks = await selectSinks(
    kit.producers,
    {
      logging: () => composition.createLoggerSink({ log, level: kit.eventLogLevel }),
      events: () => messaging.eventsSink(),
    },
    environment,
  );
  isGiven = true;
  const running = await startAdapter({
    ...environment,
    adapter,
    registry,
    passwords,
    sinks,
    sender,
    ...(journal && { journal }),
    ...(engine && { directory: engine.join, undertaker: engine.createUndertaker }),
    ...(signal && { publishingSignal: signal }),
    files,
    ...(composition.observers && { observers: composition.observers }),
    health,
    ...(seat && { portFor: seat.portFor }),
    settings: runSettings(kit, { adapterId, maxConnections: composition.maxConnections }),
  });
  return resources.adopt(running, (each) => each.stop({ graceMs: kit.shutdownGraceMs }));
}

function openEngine(
  { module, values }: ChosenModule<DirectoryModule>,
  { effective }: Pick<LoadedConfig<Options>, 'effective'>,
  files: FollowedFiles,
  environment: Environment,
): FleetEngine {
  return module.create(values, {
    ...environment,
    followFiles: (set) => files.follow(set),
    fileOf: filesOfSecrets(effective),
  });
}

function openJournal(
  { kit }: LoadedConfig<Options>,
  adapterId: string,
  { clock, log }: Environment,
): Journal | undefined {
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
      'ROLLCALL_ADAPTER_ID is not set: if the host name changes, the journal is not found again',
    );
  return journal;
}

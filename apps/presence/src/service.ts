import { createTurnedAway } from '@rollcall/adapter-kit/internal';
import { randomUUID } from 'node:crypto';
import { startEarlyHealth } from '@rollcall/adapter-process/internal';
import { createFailureReport } from '@rollcall/containment';
import { within, type Clock, type Log, type Random } from '@rollcall/core/environment';
import { createFollowedFiles, type FollowedFiles } from '@rollcall/file-follower';
import { filesOfSecrets } from '@rollcall/options/module';
import type { ResourceStack } from '@rollcall/runtime';
import { createTurns, DatabaseWatch } from '@rollcall/http-service';
import { type TokenCheck, createTokenCheck, openTokenFiles } from '@rollcall/http-service/tokens';
import { busy } from './http/problem.ts';
import type { PresenceConfig } from './config.ts';
import { askFleet } from './following/ask-fleet.ts';
import { EventBatches } from './following/event-batches.ts';
import { createListening, type Listening } from './following/listening.ts';
import { followStream, type FoldedEvent, type FollowedStream } from './following/follow-stream.ts';
import { oldestNews } from './following/oldest-news.ts';
import { StreamProgress } from './following/stream-progress.ts';
import { serviceHealth } from './health/service-health.ts';
import { serviceMetrics } from './health/service-metrics.ts';
import type { ServiceState } from './health/service-state.ts';
import type { ApiContext } from './http/api-context.ts';
import { deviceJson } from './http/device-json.ts';
import { pageBeside } from './http/page-beside.ts';
import { openApiPort } from './http/open-api-port.ts';
import { startMaintenance } from './maintenance.ts';
import type { PresenceStore } from './store/presence-store.ts';
import { Freshness } from './freshness.ts';
import { ChangeFeed } from './watching/change-feed.ts';
import { Watchers } from './watching/watchers.ts';

interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface RunningService {
  readonly port: number;
  readonly healthPort: number;
}

export interface ServiceParts extends Environment {
  readonly config: PresenceConfig;
  readonly store: PresenceStore;
  /** Gets a function that checks whether files have changed. */
  mayLook?(look: () => void): void;
}

/** How many messages may be unconfirmed at a time, for all tenants together. The consumer allows no more. */
const maxCredit = 1_000;
/** How many requests use the database at a time, and how many may wait for it. */
const maxAsking = 32;
const maxWaiting = 2_000;

/** Starts the presence service. All that it has started is in `resources`, also if it throws. */
export async function startService(parts: ServiceParts, resources: ResourceStack): Promise<RunningService> {
  const { config, store, clock, log } = parts;
  const { values } = config;
  const { failed } = createFailureReport({ clock, log });
  const files = resources.adopt(createFollowedFiles({ clock, log }), (each) => each.stop());
  parts.mayLook?.(() => files.lookNow());
  const tokens = tokenCheckOf(config, files, clock, failed);
  const health = resources.adopt(
    await startEarlyHealth({ host: values.healthBindAddress, port: values.healthPort, log }),
    (each) => each.close(),
  );
  const { progress, batches, listening, freshness } = await beginFolding(parts, resources, failed);
  const state = new State({
    freshness,
    progress,
    batches,
    database: resources.adopt(new DatabaseWatch({ clock, ask: () => store.progress() }), (each) =>
      each.stop(),
    ),
    watchers: new Watchers(values.maxWatchers),
    files,
  });
  const { watchers, turns } = state;
  const feed = resources.adopt(new ChangeFeed(store, deviceJson), (each) => each.close());
  const context: ApiContext = {
    ...{ clock, store, tokens, turns, feed, watchers, failed },
    retention: config.retention,
    ...pageBeside(import.meta.dirname),
    flapsPerHour: values.flapsPerHour,
    announceIntervalMs: values.announceIntervalMs,
    heartbeatMs: values.heartbeatMs,
    open: values.open,
    allowedOrigin: values.allowedOrigin,
    asOf: () => freshness.asOf(),
  };
  const answers = { ...serviceHealth(state), metrics: serviceMetrics(state) };
  const turned = resources.adopt(createTurnedAway(clock, log, { turnedAway: state.turnAway }), (each) =>
    each.stop(),
  );
  const turnedAway = turned.count;
  const api = await openApiPort(values, context, answers, { clock, log, files, turnedAway });
  resources.defer(() => api.close());
  health.become({ ...answers, failed, turnedAway: (remoteIp) => turnedAway('health', remoteIp) });
  resources.defer(startMaintenance({ clock, store, retention: config.retention, failed }));
  state.stream = follow(parts, batches, progress, listening);
  if (config.directory) resources.defer(askingFleet(config.directory, parts, state));
  resources.defer(() => stop(state, api, values.shutdownGraceMs, clock));
  state.current = 'running';
  return { port: api.port, healthPort: health.port };
}

/** Makes the adapters of the fleet announce their open connections if the database may lack some. */
function askingFleet(
  { module, values }: NonNullable<PresenceConfig['directory']>,
  { config, clock, random, log }: ServiceParts,
  { freshness, progress, files }: State,
): () => void {
  const { askForAnnouncements: ask } = module.create(values, {
    ...{ clock, random, log },
    followFiles: (set) => files.follow(set),
    fileOf: filesOfSecrets(config.effective),
  });
  const isAttached = (): boolean => progress.isAttached;
  return askFleet({ clock, log, ask, missing: () => freshness.missing(), isAttached });
}

/** What changes while the service runs. */
class State implements ServiceState {
  readonly freshness: Freshness;
  readonly progress: StreamProgress;
  readonly batches: EventBatches<FoldedEvent>;
  readonly database: DatabaseWatch;
  readonly watchers: Watchers;
  readonly files: FollowedFiles;
  readonly turns = createTurns(maxAsking, maxWaiting, busy);
  stream: FollowedStream | undefined;
  current: 'starting' | 'running' | 'stopping' = 'starting';
  #turnedAway = 0;

  constructor(
    parts: Pick<ServiceState, 'freshness' | 'progress' | 'batches' | 'database' | 'watchers' | 'files'>,
  ) {
    this.freshness = parts.freshness;
    this.progress = parts.progress;
    this.batches = parts.batches;
    this.database = parts.database;
    this.watchers = parts.watchers;
    this.files = parts.files;
  }

  readonly phase = (): 'starting' | 'running' | 'stopping' => this.current;
  readonly received = (): number => this.stream?.received ?? 0;
  readonly turnedAway = (): number => this.#turnedAway;
  readonly turnAway = (): void => void (this.#turnedAway += 1);
}

function tokenCheckOf(
  { values }: PresenceConfig,
  files: FollowedFiles,
  clock: Clock,
  failed: (where: string, error: unknown) => void,
): TokenCheck {
  const names = {
    tenants: values.tenantsClaim,
    scope: values.scopeClaim,
    readScope: values.readScope,
    adminScope: values.adminScope,
  };
  const keysFailed = (error: unknown): void => failed('token keys', error);
  return createTokenCheck({
    ...openTokenFiles({
      section: 'PRESENCE',
      keys: values.tokenKeys,
      keysTrustStore: values.tokenKeysTrustStore,
      tokenFile: values.tokenFile,
      names,
      files,
      clock,
      keysFailed,
    }),
    clock,
    names,
    open: values.open,
    audience: values.audience,
    issuer: values.issuer,
    keysFailed,
  });
}

async function beginFolding(
  { config, store, clock, log }: ServiceParts,
  resources: ResourceStack,
  failed: (where: string, error: unknown) => void,
) {
  const { values } = config;
  const progress = new StreamProgress({
    clock,
    credit: creditOf(config),
    hasSeveralQueues: hasSeveralQueues(config),
  });
  const listening = createListening(store);
  const batches = new EventBatches<FoldedEvent>({
    clock,
    log,
    maxEvents: values.batchEvents,
    apply: (events) => store.apply(events),
    storing: listening.storing,
    committed(events) {
      const oldest = oldestNews(events);
      if (oldest !== undefined) progress.committed(oldest);
    },
  });
  const { announceIntervalMs } = values;
  const freshness = new Freshness({
    clock,
    store,
    progress,
    replica: randomUUID(),
    announceIntervalMs,
    failed,
  });
  await freshness.begin();
  resources.defer(() => freshness.stop());
  return { progress, batches, listening, freshness };
}

function follow(
  { config, clock, log, random }: ServiceParts,
  batches: EventBatches<FoldedEvent>,
  progress: StreamProgress,
  listening: Listening,
): FollowedStream {
  const { values, consumer, network } = config;
  return followStream({
    source: {
      ...consumer,
      network,
      tenants: tenantsOf(config),
      application: values.subscription,
      ...(values.address !== undefined && { address: values.address }),
      random,
    },
    ...{ credit: creditOf(config), clock, log, batches, progress, listening },
  });
}

function tenantsOf({ values: { tenants } }: PresenceConfig): readonly string[] | 'all' {
  return tenants.length === 1 && tenants[0] === 'all' ? 'all' : tenants;
}

/** An address that does not name the tenant is one queue for all of them. */
function hasSeveralQueues(config: PresenceConfig): boolean {
  const { address } = config.values;
  const isOfTenant = address === undefined || address.includes('{tenant');
  return isOfTenant && tenantsOf(config) !== 'all' && config.values.tenants.length > 1;
}

/** The credit of each link. */
function creditOf(config: PresenceConfig): number {
  const tenants = tenantsOf(config);
  return tenants === 'all' ? maxCredit : Math.max(1, Math.floor(maxCredit / tenants.length));
}

/** The batch that is being written is still confirmed. Waiting events come again, to this replica or another one. */
async function stop(
  state: State,
  api: { stopAccepting(): Promise<void> },
  graceMs: number,
  clock: Clock,
): Promise<void> {
  state.current = 'stopping';
  const answered = api.stopAccepting();
  state.watchers.endAll();
  state.batches.stop();
  await within(
    Promise.all([state.batches.drained(), answered]).then(() => {}),
    graceMs,
    clock,
  );
  await state.stream?.close();
}

import { createTurnedAway } from '@rollcall/adapter-kit/internal';
import {
  createProcessMetrics,
  startEarlyHealth,
  type HealthAnswers,
  type HealthCheck,
  type ProcessMetrics,
} from '@rollcall/adapter-process/internal';
import { createFailureReport } from '@rollcall/containment';
import { within, type Clock, type Log, type Random } from '@rollcall/core/environment';
import { createFollowedFiles, type FollowedFiles } from '@rollcall/file-follower';
import { DatabaseWatch } from '@rollcall/http-service';
import type { ResourceStack } from '@rollcall/runtime';
import { beginServing } from './begin-serving.ts';
import type { Notifier } from './notifications/notifier.ts';
import type { RegistryConfig } from './config.ts';
import { managementTurns, startManagement } from './management/start-management.ts';
import type { StoredChange } from './store/registry-write.ts';
import type { RegistryStore } from './store/registry-store.ts';
import { outages, logOutages } from './store/log-outages.ts';

export interface ServiceParts {
  readonly config: RegistryConfig;
  readonly store: RegistryStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Gets a function that checks whether files have changed. */
  mayLook?(look: () => void): void;
}

export interface RunningService {
  readonly port: number;
  readonly healthPort: number;
  /** Ports of the AMQP services, by scheme. */
  readonly amqp: Readonly<Record<string, number>>;
}

/** Starts the device registry. All that it has started is in `resources`, also if it throws. */
export async function startService(parts: ServiceParts, resources: ResourceStack): Promise<RunningService> {
  const { config, store, clock, random, log } = parts;
  const { values } = config;
  const { failed } = createFailureReport({ clock, log });
  const files = resources.adopt(createFollowedFiles({ clock, log }), (each) => each.stop());
  parts.mayLook?.(() => files.lookNow());
  const health = resources.adopt(
    await startEarlyHealth({ host: values.healthBindAddress, port: values.healthPort, log }),
    (each) => each.close(),
  );
  const watch = resources.adopt(
    new DatabaseWatch({
      clock,
      // No tenant has an empty id, so the query needs only an index.
      ask: () => store.tenant(''),
      noticed: logOutages(outages.ofDatabase(log), clock),
    }),
    (each) => each.stop(),
  );
  const state = new State(files, watch, () => store.writeTrouble);
  resources.defer(store.onChange(({ change }) => state.count(change)));
  const metrics = createProcessMetrics('service', 'device-registry');
  const answers = answersOf(state, metrics);
  const turned = resources.adopt(createTurnedAway(clock, log, { turnedAway: state.turnAway }), (each) =>
    each.stop(),
  );
  // Before any change can happen: a change without a listener would not be sent.
  const serving = await beginServing(
    { ...parts, files, metrics, failed, turnedAway: turned.count },
    resources,
  );
  state.notifier = serving.notifier;
  const api = await startManagement(
    {
      values,
      store,
      clock,
      random,
      log,
      files,
      health: answers,
      turns: state.turns,
      failed,
      turnedAway: turned.count,
    },
    resources,
  );
  health.become({ ...answers, failed, turnedAway: (remoteIp) => turned.count('health', remoteIp) });
  resources.defer(() => {
    state.phase = 'stopping';
    return within(api.stopAccepting(), values.shutdownGraceMs, clock);
  });
  state.phase = 'running';
  return { port: api.port, healthPort: health.port, amqp: serving.ports };
}

/** What changes while the service runs. */
class State {
  readonly files: FollowedFiles;
  readonly watch: DatabaseWatch;
  readonly writeTrouble: () => string | undefined;
  readonly turns = managementTurns();
  readonly changes = { tenant: 0, device: 0, credentials: 0, 'all-devices-deleted': 0 };
  phase: 'starting' | 'running' | 'stopping' = 'starting';
  turnedAway = 0;
  notifier: Notifier | undefined;

  constructor(files: FollowedFiles, watch: DatabaseWatch, writeTrouble: () => string | undefined) {
    this.files = files;
    this.writeTrouble = writeTrouble;
    this.watch = watch;
  }

  readonly turnAway = (): void => void (this.turnedAway += 1);

  count({ type }: StoredChange): void {
    this.changes[type] += 1;
  }
}

function answersOf(
  state: State,
  metrics: ProcessMetrics,
): Pick<HealthAnswers, 'started' | 'readiness' | 'metrics'> {
  metrics.counter(
    {
      name: 'rollcall_registry_changes_total',
      help: 'Changes of tenants, devices and credentials that were written',
      label: 'type',
    },
    () => state.changes,
  );
  metrics.gauge(
    { name: 'rollcall_registry_requests_waiting', help: 'Requests that wait for the database' },
    () => state.turns.waiting,
  );
  metrics.counter(
    {
      name: 'rollcall_registry_connections_turned_away_total',
      help: 'Network connections that were closed so that others have room',
    },
    () => state.turnedAway,
  );
  metrics.gauge(
    { name: 'rollcall_registry_database_away', help: 'Whether the database cannot be reached' },
    () => (state.watch.isAway ? 1 : 0),
  );
  metrics.gauge(
    {
      name: 'rollcall_registry_database_not_written',
      help: 'Whether the latest write could not be made, as on a full disk',
    },
    () => (state.writeTrouble() === undefined ? 0 : 1),
  );
  const { contentType } = metrics;
  return {
    started: () => [serviceCheck(state.phase !== 'starting')],
    readiness: async () => [
      serviceCheck(state.phase === 'running'),
      // Without the database no request can be answered.
      databaseCheck(await state.watch.look(), state),
      ...messagingChecks(state.notifier),
      ...state.files.states().map(({ name, current }): HealthCheck => {
        const check = `files-of-${name}`;
        return current
          ? { name: check, status: 'UP' }
          : { name: check, status: 'DEGRADED', code: 'FILES_NOT_CURRENT' };
      }),
    ],
    metrics: async () => ({ contentType, text: await metrics.render() }),
  };
}

function databaseCheck(isAway: boolean, { writeTrouble }: State): HealthCheck {
  const name = 'database';
  if (isAway) return { name, status: 'DOWN', code: 'DATABASE_AWAY', reason: 'it cannot be reached' };
  const trouble = writeTrouble();
  if (trouble === undefined) return { name, status: 'UP' };
  // Adapters still get answers.
  return {
    ...{ name, status: 'DEGRADED', code: 'DATABASE_NOT_WRITTEN' },
    reason: `the latest write could not be made: ${trouble}`,
  };
}

/** While notifications cannot be sent, the service answers, and changes wait: it is degraded, but ready. */
function messagingChecks(notifier: Notifier | undefined): readonly HealthCheck[] {
  if (!notifier) return [];
  const name = 'connection-to-messaging';
  const { trouble } = notifier;
  if (trouble === undefined) return [{ name, status: 'UP' }];
  const reason =
    trouble === 'refused'
      ? 'the messaging network does not take changes: they wait'
      : 'the messaging network cannot be reached: changes wait';
  return [{ name, status: 'DEGRADED', code: 'CHANGES_NOT_SENT', reason }];
}

function serviceCheck(isUp: boolean): HealthCheck {
  const name = 'device-registry';
  return isUp ? { name, status: 'UP' } : { name, status: 'DOWN', code: 'SERVICE_NOT_RUNNING' };
}

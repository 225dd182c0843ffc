import { createProcessMetrics, startEarlyHealth, type HealthCheck } from '@rollcall/adapter-process/internal';
import { createTurnedAway } from '@rollcall/adapter-kit/internal';
import { createFailureReport } from '@rollcall/containment';
import type { Clock, Log, Random } from '@rollcall/core';
import { createFollowedFiles } from '@rollcall/file-follower';
import type { ResourceStack } from '@rollcall/runtime';
import { beginServing } from './begin-serving.ts';
import type { RegistryConfig } from './config.ts';
import type { RegistryStore } from './store/registry-store.ts';

export interface ServiceParts {
  readonly config: RegistryConfig;
  readonly store: RegistryStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Told of what can look whether its files have changed. */
  mayLook?(look: () => void): void;
}

export interface RunningService {
  readonly healthPort: number;
  /** Ports of the AMQP services, by scheme. */
  readonly amqp: Readonly<Record<string, number>>;
}

/** Starts the device registry. What was begun is in `resources`, also where something fails. */
export async function startService(parts: ServiceParts, resources: ResourceStack): Promise<RunningService> {
  const { config, clock, log } = parts;
  const { values } = config;
  const { failed } = createFailureReport({ clock, log });
  const files = resources.adopt(createFollowedFiles({ clock, log }), (each) => each.stop());
  parts.mayLook?.(() => files.lookNow());
  const health = resources.adopt(
    await startEarlyHealth({ host: values.healthBindAddress, port: values.healthPort, log }),
    (each) => each.close(),
  );
  const metrics = createProcessMetrics('service', 'device-registry');
  const check: HealthCheck = { name: 'device-registry', status: 'UP' };
  const turned = resources.adopt(createTurnedAway(clock, log, { turnedAway() {} }), (each) => each.stop());
  const amqp = await beginServing({ ...parts, files, metrics, failed, turnedAway: turned.count }, resources);
  health.become({
    started: () => [check],
    readiness: () => [check],
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.render() }),
    failed,
    turnedAway: (remoteIp) => turned.count('health', remoteIp),
  });
  return { healthPort: health.port, amqp };
}

import { hostname } from 'node:os';
import type { Clock } from '@rollcall/core';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { AdapterObserver } from '@rollcall/adapter-kit';
import { createAppMetrics } from './app-metrics.ts';
import { createAttemptMetrics } from './attempt-metrics.ts';
import { createEventMetrics } from './event-metrics.ts';
import { createFailureMetrics } from './failure-metrics.ts';
import { stateMetrics } from './state-metrics.ts';
import { createUploadMetrics } from './upload-metrics.ts';

/** What an adapter counts, for Prometheus. */
export interface AdapterMetrics extends AdapterObserver {
  readonly contentType: string;
  /** In the Prometheus text format. */
  render(): Promise<string>;
}

/** Hono's names where Hono has them, `rollcall_…` else. No label ever holds a device. */
export function createAdapterMetrics(componentName: string, clock: Pick<Clock, 'now'>): AdapterMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ host: hostname(), component_type: 'adapter', component_name: componentName });
  collectDefaultMetrics({ register: registry });
  const app = createAppMetrics(registry);
  const ofState = stateMetrics(app, clock);
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    ...app,
    ...createAttemptMetrics(registry),
    ...createUploadMetrics(registry),
    ...createEventMetrics(registry),
    ...createFailureMetrics(registry),
    watch: (part, state) => ofState[part](state),
  };
}

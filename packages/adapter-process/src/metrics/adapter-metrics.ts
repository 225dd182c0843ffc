import type { Clock } from '@rollcall/core/environment';
import type { AdapterObserver } from '@rollcall/adapter-kit';
import { createAttemptMetrics } from './attempt-metrics.ts';
import { createEventMetrics } from './event-metrics.ts';
import { createFailureMetrics } from './failure-metrics.ts';
import { createProcessMetrics } from './process-metrics.ts';
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
  const { registry, contentType, render, ...app } = createProcessMetrics('adapter', componentName);
  const ofState = stateMetrics(app, clock);
  return {
    contentType,
    render,
    ...app,
    ...createAttemptMetrics(registry),
    ...createUploadMetrics(registry),
    ...createEventMetrics(registry),
    ...createFailureMetrics(registry),
    watch: (part, state) => ofState[part](state),
  };
}

import { hostname } from 'node:os';
import type { AppMetrics } from '@rollcall/adapter-kit';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createAppMetrics } from './app-metrics.ts';

/** What a process counts, for Prometheus: memory, CPU and event loop, and what is added to that. */
export interface ProcessMetrics extends AppMetrics {
  readonly contentType: string;
  /** In the Prometheus text format. */
  render(): Promise<string>;
  readonly registry: Registry;
}

/** @param componentType as Hono labels its components, e.g. `adapter`. */
export function createProcessMetrics(componentType: string, componentName: string): ProcessMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({
    host: hostname(),
    component_type: componentType,
    component_name: componentName,
  });
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    contentType: registry.contentType,
    render: () => registry.metrics(),
    ...createAppMetrics(registry),
  };
}

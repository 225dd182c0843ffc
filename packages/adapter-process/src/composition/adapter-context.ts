import { createFailureReport } from '@rollcall/containment';
import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { AdapterIdentity } from '@rollcall/core/events';
import { createAdapterMetrics, type AdapterMetrics } from '../metrics/adapter-metrics.ts';
import type { AdapterObserver, ProtocolAdapter } from '@rollcall/adapter-kit';
import { logDeliveries, observeAll } from '@rollcall/adapter-kit/internal';
import { uuidV7 } from '@rollcall/presence/internal';
import { completeSettings, type AdapterParts, type CompleteSettings } from './adapter-parts.ts';

/** What all pieces of one adapter share. */
export interface AdapterContext {
  readonly adapter: ProtocolAdapter;
  /** Of this incarnation. An adapter that was declared dead goes on as another. */
  identity: AdapterIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: CompleteSettings;
  readonly observer: AdapterObserver;
  readonly metrics: Pick<AdapterMetrics, 'contentType' | 'render'>;
  /** See `HostContext.failed`. */
  failed(where: string, error: unknown): void;
  /** How far the adapter has come. */
  phase: 'starting' | 'running' | 'stopping';
}

export function createContext(parts: AdapterParts): AdapterContext {
  const { adapter, clock, random, log } = parts;
  const settings = completeSettings(parts.settings);
  const report = createFailureReport({ clock, log });
  const metrics = createAdapterMetrics(adapter.type, clock);
  const observers = [metrics, logDeliveries(log), ...(parts.observers ?? [])];
  const observer = observeAll(observers, (where, error) => {
    report.failed(where, error);
    metrics.failed(where, error);
  });
  return {
    adapter,
    identity: { type: adapter.type, id: settings.adapterId, instance: uuidV7(clock.now(), random) },
    clock,
    random,
    log,
    settings,
    observer,
    metrics,
    failed(where, error) {
      report.failed(where, error);
      observer.failed(where, error);
    },
    phase: 'starting',
  };
}

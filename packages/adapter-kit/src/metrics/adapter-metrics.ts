import { hostname } from 'node:os';
import type { ConnectionEvent } from '@rollcall/core';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CredentialsProblem } from '../authentication/refuse.ts';
import type { SinkDepth } from '../outbox/outbox.ts';
import type { RefusalReason, UploadRequest, UploadResult } from '../protocol-adapter.ts';
import { createAppMetrics, type AppMetrics } from './app-metrics.ts';
import { createPlainSummary } from './plain-summary.ts';

/** Hono's `outcome` tag of `hono.connections.attempts` (`docs/hono-compatibility.md` §9). */
const attemptOutcomes: Readonly<Record<RefusalReason | 'succeeded', string>> = {
  succeeded: 'succeeded',
  'bad-credentials': 'unauthorized',
  throttled: 'unauthorized',
  'tenant-disabled': 'unauthorized',
  'adapter-disabled': 'adapter-disabled',
  'device-not-registered': 'registration-assertion-failure',
  'tenant-connections-exceeded': 'tenant-connections-exceeded',
  'adapter-connections-exceeded': 'adapter-connections-exceeded',
  'device-connections-exceeded': 'device-connections-exceeded',
  busy: 'unavailable',
  unavailable: 'unavailable',
};

const unknownTenant = 'UNKNOWN';

export interface AdapterMetrics {
  readonly contentType: string;
  /** In the Prometheus text format. */
  render(): Promise<string>;
  attempt(outcome: RefusalReason | 'succeeded', tenant?: string): void;
  /** @param cause more than the device may learn. */
  refused(cause: RefusalReason | CredentialsProblem): void;
  uploaded(request: UploadRequest, result: UploadResult, durationMs: number): void;
  published(event: ConnectionEvent): void;
  delivered(sink: string, delayMs: number): void;
  retried(sink: string): void;
  parked(sink: string): void;
  leftOut(sink: string): void;
  announced(): void;
  /** What the app counts itself. */
  readonly app: AppMetrics;
}

export interface MetricsSources {
  connections(): ReadonlyMap<string, number>;
  anonymousConnections(): number;
  outbox(): readonly SinkDepth[];
  outboxMemoryBytes(): number;
  journalBehind(): boolean;
  connectsWaiting(): number;
  /** Wall clock, milliseconds. */
  now(): number;
}

/** What an adapter counts: Hono's names where Hono has them, `rollcall_…` else. No label ever holds a device. */
export function createAdapterMetrics(componentName: string, sources: MetricsSources): AdapterMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ host: hostname(), component_type: 'adapter', component_name: componentName });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  new Gauge({
    name: 'hono_connections_authenticated',
    help: 'Connections of authenticated devices that are open now',
    labelNames: ['tenant'],
    registers,
    collect() {
      this.reset();
      for (const [tenant, count] of sources.connections()) this.set({ tenant }, count);
    },
  });
  new Gauge({
    name: 'hono_connections_unauthenticated',
    help: 'Connections of devices that are open now and did not say who they are',
    registers,
    collect() {
      this.set(sources.anonymousConnections());
    },
  });
  new Gauge({
    name: 'rollcall_connects_waiting',
    help: 'Devices that wait for their turn to be authenticated',
    registers,
    collect() {
      this.set(sources.connectsWaiting());
    },
  });
  const attempts = new Counter({
    name: 'hono_connections_attempts_total',
    help: 'Attempts of devices to connect, by outcome',
    labelNames: ['tenant', 'outcome'],
    registers,
  });
  const refusals = new Counter({
    name: 'rollcall_logins_refused_total',
    help: 'Devices that were refused, by cause: more than they are told',
    labelNames: ['cause'],
    registers,
  });
  const payload = createPlainSummary(registry, {
    name: 'hono_telemetry_payload_bytes',
    help: 'Payload of device data',
    labelNames: ['tenant', 'type', 'status'],
  });
  const processing = createPlainSummary(registry, {
    name: 'hono_telemetry_processing_duration_seconds',
    help: 'Time from the receipt of device data until its outcome was known',
    labelNames: ['tenant', 'type', 'status', 'qos'],
  });
  const events = new Counter({
    name: 'rollcall_events_total',
    help: 'Connection events, by type and reason',
    labelNames: ['type', 'reason'],
    registers,
  });
  const delivery = new Histogram({
    name: 'rollcall_event_delivery_seconds',
    help: 'Time from the observation of a change until a sink confirmed its event',
    labelNames: ['sink'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 300],
    registers,
  });
  const retried = new Counter({
    name: 'rollcall_event_retries_total',
    help: 'Deliveries of events that have to be tried again',
    labelNames: ['sink'],
    registers,
  });
  const parked = new Counter({
    name: 'rollcall_events_parked_total',
    help: 'Events that a sink refused for good',
    labelNames: ['sink'],
    registers,
  });
  const leftOut = new Counter({
    name: 'rollcall_events_coalesced_total',
    help: 'Connected/disconnected pairs left out at the bound of the outbox',
    labelNames: ['sink'],
    registers,
  });
  const announcements = new Counter({
    name: 'rollcall_announcements_total',
    help: 'Open connections announced again',
    registers,
  });
  outboxGauge(
    registers,
    'rollcall_outbox_events',
    'Events that wait for a sink',
    sources,
    (depth) => depth.events,
  );
  outboxGauge(
    registers,
    'rollcall_outbox_bytes',
    'Bytes of events that wait for a sink',
    sources,
    (depth) => depth.bytes,
  );
  outboxGauge(
    registers,
    'rollcall_outbox_parked',
    'Events that a sink refused for good since the adapter started',
    sources,
    (depth) => depth.parked,
  );
  outboxGauge(
    registers,
    'rollcall_outbox_refusing_tenants',
    'Tenants whose latest event a sink refused for good',
    sources,
    (depth) => depth.refusingTenants,
  );
  new Gauge({
    name: 'rollcall_outbox_memory_bytes',
    help: 'Memory that events that wait take; the rest of them is in the journal',
    registers,
    collect() {
      this.set(sources.outboxMemoryBytes());
    },
  });
  new Gauge({
    name: 'rollcall_journal_behind',
    help: '1 while events are kept in memory alone, since the journal is slow or cannot be written',
    registers,
    collect() {
      this.set(sources.journalBehind() ? 1 : 0);
    },
  });
  outboxGauge(
    registers,
    'rollcall_outbox_oldest_seconds',
    'Age of the event that has waited longest',
    sources,
    (depth) => (depth.oldestAt === undefined ? 0 : Math.max(0, sources.now() - depth.oldestAt) / 1000),
  );

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    attempt: (outcome, tenant) =>
      attempts.inc({ tenant: tenant ?? unknownTenant, outcome: attemptOutcomes[outcome] }),
    refused: (cause) => refusals.inc({ cause }),
    uploaded(request, result, durationMs) {
      // A tenant that somebody only made up would be a label for ever.
      const claimed = result.status === 'accepted' ? request.target?.tenant : undefined;
      const tenant = request.by?.device.tenant ?? claimed ?? unknownTenant;
      const status =
        result.status === 'accepted'
          ? 'forwarded'
          : result.failure.status < 500
            ? 'unprocessable'
            : 'undeliverable';
      payload.observe([tenant, request.endpoint, status], request.payload?.byteLength ?? 0);
      processing.observe([tenant, request.endpoint, status, String(request.qos)], durationMs / 1000);
    },
    published: (event) =>
      events.inc({ type: event.type, reason: event.type === 'disconnected' ? event.reason : 'none' }),
    delivered: (sink, delayMs) => delivery.observe({ sink }, Math.max(0, delayMs) / 1000),
    retried: (sink) => retried.inc({ sink }),
    parked: (sink) => parked.inc({ sink }),
    leftOut: (sink) => leftOut.inc({ sink }),
    announced: () => announcements.inc(),
    app: createAppMetrics(registry),
  };
}

function outboxGauge(
  registers: Registry[],
  name: string,
  help: string,
  sources: MetricsSources,
  read: (depth: SinkDepth) => number,
): void {
  new Gauge({
    name,
    help,
    labelNames: ['sink'],
    registers,
    collect() {
      for (const depth of sources.outbox()) this.set({ sink: depth.sink }, read(depth));
    },
  });
}

import type { Timestamp } from '@rollcall/core';
import type { AppMetricValue } from '@rollcall/adapter-kit/internal';
import type { SinkDepth } from '@rollcall/outbox/internal';
import { expect, test } from 'vitest';
import { addOutboxMetrics } from './outbox-metrics.ts';

function metricsOf(depths: readonly SinkDepth[], now: number): Record<string, unknown> {
  const gauges = new Map<string, () => AppMetricValue>();
  addOutboxMetrics(
    { counter() {}, gauge: ({ name }, read) => void gauges.set(name, read) },
    { depth: () => depths, memoryBytes: () => 4_096 },
    { now: () => now as Timestamp },
  );
  return Object.fromEntries([...gauges].map(([name, read]) => [name, read()]));
}

const idle = { sink: 'logging', events: 0, bytes: 0, parked: 0, refusingTenants: 0 } as SinkDepth;
const behind = {
  sink: 'messaging',
  events: 3,
  bytes: 900,
  parked: 2,
  refusingTenants: 1,
  oldestAt: 10_000 as Timestamp,
} as SinkDepth;

test('what waits is reported for each sink, the memory of all of it once', () => {
  expect(metricsOf([idle, behind], 12_500)).toEqual({
    rollcall_outbox_events: { logging: 0, messaging: 3 },
    rollcall_outbox_bytes: { logging: 0, messaging: 900 },
    rollcall_outbox_parked: { logging: 0, messaging: 2 },
    rollcall_outbox_refusing_tenants: { logging: 0, messaging: 1 },
    rollcall_outbox_memory_bytes: 4_096,
    rollcall_outbox_oldest_seconds: { logging: 0, messaging: 2.5 },
  });
});

test('an event from before the wall clock was set back is not younger than none', () => {
  expect(metricsOf([behind], 9_000)).toMatchObject({ rollcall_outbox_oldest_seconds: { messaging: 0 } });
});

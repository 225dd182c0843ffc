import { anOutboundEvent } from '@rollcall/conformance';
import { disconnectReasons, type ConnectedEvent } from '@rollcall/core/events';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { seriesOf } from '../testing/series-of.ts';
import { createEventMetrics } from './event-metrics.ts';

function given() {
  const registry = new Registry();
  const series = async (name: string): Promise<readonly string[]> =>
    (await seriesOf(registry)).filter((line) => line.startsWith(name) && !line.endsWith(' 0'));
  return { ...createEventMetrics(registry), series };
}

const { event } = anOutboundEvent('e1');

test('events are counted by type and reason', async () => {
  const { published, series } = given();
  published(event);
  published({ ...event, type: 'disconnected', reason: 'inactive' } as never);
  expect(await series('rollcall_events_total')).toEqual([
    'rollcall_events_total{type="connected",reason="none"} 1',
    'rollcall_events_total{type="disconnected",reason="inactive"} 1',
  ]);
});

test('each reason of the contract is there before the first event: who asks for growth must have seen it', async () => {
  const registry = new Registry();
  createEventMetrics(registry);
  const found = (await seriesOf(registry)).filter((line) => line.startsWith('rollcall_events_total'));
  expect(found).toContain('rollcall_events_total{type="disconnected",reason="connection-lost"} 0');
  expect(found).toHaveLength(Object.keys(disconnectReasons).length + 1);
});

test('a delivery is measured in seconds by sink, and one from before the clock was set back takes none', async () => {
  const { delivered, series } = given();
  delivered('events', event, 40);
  delivered('events', event, -5_000);
  const lines = await series('rollcall_event_delivery_seconds');
  expect(lines).toContain('rollcall_event_delivery_seconds_sum{sink="events"} 0.04');
  expect(lines).toContain('rollcall_event_delivery_seconds_count{sink="events"} 2');
  expect(lines).toContain('rollcall_event_delivery_seconds_bucket{le="0.001",sink="events"} 1');
});

test('retries, parked events and pairs that were left out are counted by sink', async () => {
  const { retried, parked, leftOut, announced, series } = given();
  retried('events', event, new Error('away'));
  parked('events', event, new Error('refused'));
  leftOut('logging', 'acme');
  announced(event as ConnectedEvent);
  expect(await series('rollcall_')).toEqual([
    'rollcall_event_retries_total{sink="events"} 1',
    'rollcall_events_parked_total{sink="events"} 1',
    'rollcall_events_coalesced_total{sink="logging"} 1',
    'rollcall_announcements_total 1',
  ]);
});

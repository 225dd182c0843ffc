import { disconnectReasons } from '@rollcall/core/events';
import { afterEach, expect, test } from 'vitest';
import { startScripted, type ScriptedInTest } from '../testing/start-scripted.ts';

const running: ScriptedInTest[] = [];

afterEach(async () => {
  for (const { running: adapter } of running.splice(0)) await adapter.stop({ graceMs: 0 });
});

/** Each metric of ours, with its type; and each series, with its labels, beside those that all have. */
async function metricsOf({ running: adapter }: ScriptedInTest) {
  const text = await (await fetch(`http://127.0.0.1:${adapter.healthPort}/metrics`)).text();
  const lines = text.split('\n').filter((line) => /^(# TYPE )?(hono|rollcall)_/.test(line));
  return {
    types: lines.filter((line) => line.startsWith('#')).map((line) => line.slice('# TYPE '.length)),
    series: lines
      .filter((line) => !line.startsWith('#'))
      .map((line) =>
        line
          .replace(/,?(host|component_type|component_name)="[^"]*"/g, '')
          .replace('{,', '{')
          .replace('{}', ''),
      ),
  };
}

test('the metrics of an adapter that has done nothing yet', async () => {
  const adapter = await startScripted({ settings: { health: { host: '127.0.0.1', port: 0 } } });
  running.push(adapter);
  const { types, series } = await metricsOf(adapter);
  expect(types.toSorted()).toEqual([
    'hono_connections_attempts_total counter',
    'hono_connections_authenticated gauge',
    'hono_connections_unauthenticated gauge',
    'hono_telemetry_payload_bytes summary',
    'hono_telemetry_processing_duration_seconds summary',
    'rollcall_announcements_total counter',
    'rollcall_connections_turned_away_total counter',
    'rollcall_connects_waiting gauge',
    'rollcall_event_delivery_seconds histogram',
    'rollcall_event_retries_total counter',
    'rollcall_events_coalesced_total counter',
    'rollcall_events_parked_total counter',
    'rollcall_events_total counter',
    'rollcall_failures_contained_total counter',
    'rollcall_journal_begun_anew_total counter',
    'rollcall_journal_behind gauge',
    'rollcall_journal_unread_events gauge',
    'rollcall_logins_refused_total counter',
    'rollcall_outbox_bytes gauge',
    'rollcall_outbox_events gauge',
    'rollcall_outbox_memory_bytes gauge',
    'rollcall_outbox_oldest_seconds gauge',
    'rollcall_outbox_parked gauge',
    'rollcall_outbox_refusing_tenants gauge',
    'rollcall_tls_certificate_expiry_seconds gauge',
    'rollcall_tls_files_current gauge',
    'rollcall_uploads_dropped_total counter',
  ]);
  expect(series.toSorted()).toEqual([
    'hono_connections_unauthenticated 0',
    'rollcall_announcements_total 0',
    'rollcall_connections_turned_away_total{cause="handshake"} 0',
    'rollcall_connections_turned_away_total{cause="health"} 0',
    'rollcall_connections_turned_away_total{cause="idle"} 0',
    'rollcall_connections_turned_away_total{cause="pending"} 0',
    'rollcall_connects_waiting 0',
    'rollcall_events_total{type="connected",reason="none"} 0',
    ...Object.keys(disconnectReasons)
      .toSorted()
      .map((reason) => `rollcall_events_total{type="disconnected",reason="${reason}"} 0`),
    'rollcall_journal_begun_anew_total 0',
    'rollcall_journal_behind 0',
    'rollcall_outbox_bytes{sink="recording"} 0',
    'rollcall_outbox_events{sink="recording"} 0',
    'rollcall_outbox_memory_bytes 0',
    'rollcall_outbox_oldest_seconds{sink="recording"} 0',
    'rollcall_outbox_parked{sink="recording"} 0',
    'rollcall_outbox_refusing_tenants{sink="recording"} 0',
  ]);
});

test('the metrics of an adapter at work', async () => {
  let answer: 'retryable' | 'refused' | undefined;
  const adapter = await startScripted({
    settings: {
      health: { host: '127.0.0.1', port: 0 },
      announceIntervalMs: 60_000,
      maxConnections: 3,
      maxMessagesPerSecond: 1,
    },
    answer: () => (answer ? { status: answer, cause: new Error(answer) } : { status: 'delivered' }),
  });
  running.push(adapter);
  const { host, begin, beginAnonymous, clock } = adapter;
  const { connection } = await begin();
  beginAnonymous();
  expect(host.access.admit()).toBeUndefined();
  beginAnonymous();
  expect(host.access.admit()).toMatchObject({ reason: 'adapter-connections-exceeded' });
  host.access.refused('credentials-missing', '192.0.2.1');
  host.access.refused('bad-credentials', '192.0.2.1', 'thermostat-7@acme');
  host.context.turnedAway('pending', '192.0.2.1');
  host.context.failed('mqtt', new Error('boom'));
  await host.uplink.upload({ endpoint: 'event', qos: 1, origAddress: 'e', payload: Buffer.from('payload') });
  await clock.advanceAsync(60_000);
  answer = 'refused';
  connection.report({ type: 'end', change: { reason: 'connection-lost' } });
  await clock.advanceAsync(0);
  answer = 'retryable';
  await begin({ remoteId: 'unit-2', username: 'valve-1@umbrella' });
  await clock.advanceAsync(0);
  const { series } = await metricsOf(adapter);
  answer = undefined;
  await clock.advanceAsync(10_000);
  const told = series.filter(
    (line) => !line.endsWith(' 0') && !line.includes('_bucket') && !/outbox_(memory_)?bytes/.test(line),
  );
  expect(told.toSorted()).toEqual([
    'hono_connections_attempts_total{tenant="UNKNOWN",outcome="adapter-connections-exceeded"} 1',
    'hono_connections_attempts_total{tenant="UNKNOWN",outcome="succeeded"} 1',
    'hono_connections_attempts_total{tenant="UNKNOWN",outcome="unauthorized"} 2',
    'hono_connections_authenticated{tenant="umbrella"} 1',
    'hono_connections_unauthenticated 2',
    'hono_telemetry_payload_bytes_count{tenant="UNKNOWN",type="event",status="unprocessable"} 1',
    'hono_telemetry_payload_bytes_sum{tenant="UNKNOWN",type="event",status="unprocessable"} 7',
    'hono_telemetry_processing_duration_seconds_count{tenant="UNKNOWN",type="event",status="unprocessable",qos="1"} 1',
    'rollcall_announcements_total 1',
    'rollcall_connections_turned_away_total{cause="pending"} 1',
    'rollcall_event_delivery_seconds_count{sink="recording"} 1',
    'rollcall_event_retries_total{sink="recording"} 1',
    'rollcall_events_parked_total{sink="recording"} 1',
    'rollcall_events_total{type="connected",reason="none"} 2',
    'rollcall_events_total{type="disconnected",reason="connection-lost"} 1',
    'rollcall_failures_contained_total{where="mqtt"} 1',
    'rollcall_logins_refused_total{cause="adapter-connections-exceeded"} 1',
    'rollcall_logins_refused_total{cause="credentials-missing"} 1',
    'rollcall_logins_refused_total{cause="wrong-secret"} 1',
    'rollcall_outbox_events{sink="recording"} 1',
    'rollcall_outbox_parked{sink="recording"} 1',
    'rollcall_outbox_refusing_tenants{sink="recording"} 1',
  ]);
});

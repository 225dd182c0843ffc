import { deviceRef } from '@rollcall/core';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { seriesOf } from '../testing/series-of.ts';
import { createAttemptMetrics } from './attempt-metrics.ts';

function given() {
  const registry = new Registry();
  return { ...createAttemptMetrics(registry), series: () => seriesOf(registry) };
}

test.each([
  ['succeeded', 'succeeded'],
  ['bad-credentials', 'unauthorized'],
  ['throttled', 'unauthorized'],
  ['tenant-disabled', 'unauthorized'],
  ['adapter-disabled', 'adapter-disabled'],
  ['device-not-registered', 'registration-assertion-failure'],
  ['tenant-connections-exceeded', 'tenant-connections-exceeded'],
  ['busy', 'unavailable'],
  ['unavailable', 'unavailable'],
] as const)('an attempt that is %s has the outcome %s, as in Hono', async (outcome, label) => {
  const { attempted, series } = given();
  attempted({ outcome, device: deviceRef('acme', 'd1') });
  expect(await series()).toEqual([`hono_connections_attempts_total{tenant="acme",outcome="${label}"} 1`]);
});

test('an attempt of an unknown device is counted for no tenant that somebody made up', async () => {
  const { attempted, series } = given();
  attempted({ outcome: 'bad-credentials', cause: 'unknown-tenant' });
  attempted({ outcome: 'bad-credentials', cause: 'unknown-tenant' });
  expect(await series()).toEqual([
    'hono_connections_attempts_total{tenant="UNKNOWN",outcome="unauthorized"} 2',
    'rollcall_logins_refused_total{cause="unknown-tenant"} 2',
  ]);
});

import type { TenantId, Timestamp } from '@rollcall/core';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { seriesOf } from '../testing/series-of.ts';
import { createAppMetrics } from './app-metrics.ts';
import { stateMetrics } from './state-metrics.ts';

function given() {
  const registry = new Registry();
  const metrics = stateMetrics(createAppMetrics(registry), { now: () => 0 as Timestamp });
  return { ...metrics, series: () => seriesOf(registry) };
}

test('open connections are read by tenant when metrics are asked for, those without a device in one number', async () => {
  const { presence, series } = given();
  const open = new Map([['acme' as TenantId, 2]]);
  presence({ byTenant: () => open, anonymous: () => 3 });
  expect(await series()).toEqual([
    'hono_connections_authenticated{tenant="acme"} 2',
    'hono_connections_unauthenticated 3',
  ]);
  open.delete('acme' as TenantId);
  expect(await series(), 'a tenant without connections has no series').toEqual([
    'hono_connections_unauthenticated 3',
  ]);
});

test('devices that wait to be authenticated are counted', async () => {
  const { authentication, series } = given();
  authentication({ waiting: () => 7 });
  expect(await series()).toEqual(['rollcall_connects_waiting 7']);
});

test('the journal says whether it is behind, how often it was begun again, and what no sink reads', async () => {
  const { journal, series } = given();
  journal({ behind: () => true, begunAnew: () => 2, unread: { webhook: 12 } });
  expect(await series()).toEqual([
    'rollcall_journal_behind 1',
    'rollcall_journal_begun_anew_total 2',
    'rollcall_journal_unread_events{sink="webhook"} 12',
  ]);
});

test('the services of a registry say how they stand, what became of questions, and what is kept', async () => {
  const { 'registry-services': registryServices, series } = given();
  const service = (name: string, reachable: boolean, outcomes: Readonly<Record<string, number>>) => ({
    ...{ name, reachable, outstanding: 3, kept: 2, keptUses: 9 },
    outcomes,
  });
  registryServices({
    services: () => ({
      services: [
        service('tenant', true, { answered: 5 }),
        service('credentials', false, { answered: 1, timeout: 2 }),
      ],
      hearsChanges: true,
    }),
  });
  expect(await series()).toEqual([
    'rollcall_registry_service_reachable{service="tenant"} 1',
    'rollcall_registry_service_reachable{service="credentials"} 0',
    'rollcall_registry_changes_heard 1',
    'rollcall_registry_questions{service="tenant"} 3',
    'rollcall_registry_questions{service="credentials"} 3',
    'rollcall_registry_questions_total{outcome="answered"} 6',
    'rollcall_registry_questions_total{outcome="timeout"} 2',
    'rollcall_registry_kept_answers{service="tenant"} 2',
    'rollcall_registry_kept_answers{service="credentials"} 2',
    'rollcall_registry_kept_answer_uses_total{service="tenant"} 9',
    'rollcall_registry_kept_answer_uses_total{service="credentials"} 9',
  ]);
});

test('certificates say when they expire, in seconds, and secrets only whether they are in use', async () => {
  const { files, series } = given();
  files({
    states: () => [
      { name: 'mqtts', current: true, expiresAt: 1_800_000_000_000 as Timestamp },
      { name: 'messaging', current: false },
    ],
  });
  expect(await series()).toEqual([
    'rollcall_tls_certificate_expiry_seconds{listener="mqtts"} 1800000000',
    'rollcall_tls_files_current{listener="mqtts"} 1',
    'rollcall_tls_files_current{listener="messaging"} 0',
  ]);
});

import { Registry } from 'prom-client';
import type { DirectoryStatus, FleetSight } from '@rollcall/core/directory';
import { expect, test } from 'vitest';
import { createAppMetrics } from './app-metrics.ts';
import { addDirectoryMetrics } from './directory-metrics.ts';

test('an adapter says how it stands to its fleet, what it was answered, and what happened', async () => {
  const registry = new Registry();
  let status: DirectoryStatus = 'in-touch';
  let sight: FleetSight | undefined = { instances: 3, answerMs: 2 };
  addDirectoryMetrics(createAppMetrics(registry), {
    status: () => status,
    sight: () => sight,
    answers: () => ({ held: 5, lost: 1, unknown: 2 }),
    counts: () => ({ displaced: 3, asserted: 40 }),
  });
  const lines = async () =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(await lines()).toEqual([
    'rollcall_fleet_status{status="in-touch"} 1',
    'rollcall_fleet_status{status="catching-up"} 0',
    'rollcall_fleet_status{status="restricted"} 0',
    'rollcall_fleet_status{status="away"} 0',
    'rollcall_fleet_instances 3',
    'rollcall_fleet_answer_seconds 0.002',
    'rollcall_fleet_answers_total{answer="held"} 5',
    'rollcall_fleet_answers_total{answer="lost"} 1',
    'rollcall_fleet_answers_total{answer="unknown"} 2',
    'rollcall_fleet_events_total{event="displaced"} 3',
    'rollcall_fleet_events_total{event="asserted"} 40',
  ]);
  status = 'away';
  sight = undefined;
  expect((await lines()).slice(0, 6)).toEqual([
    'rollcall_fleet_status{status="in-touch"} 0',
    'rollcall_fleet_status{status="catching-up"} 0',
    'rollcall_fleet_status{status="restricted"} 0',
    'rollcall_fleet_status{status="away"} 1',
    'rollcall_fleet_instances 0',
    'rollcall_fleet_answer_seconds 0',
  ]);
});

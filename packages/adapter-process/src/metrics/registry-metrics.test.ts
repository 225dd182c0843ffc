import type { Timestamp } from '@rollcall/core';
import type { DeviceRegistry, RegistryState } from '@rollcall/core/registry';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { readinessOfOthers } from '../health/readiness.ts';
import { createAppMetrics } from './app-metrics.ts';
import { addRegistryMetrics } from './registry-metrics.ts';

const known = (state: RegistryState): DeviceRegistry =>
  ({ state: () => state }) as Partial<DeviceRegistry> as DeviceRegistry;

async function linesOf(registry: { state(): RegistryState }): Promise<readonly string[]> {
  const metrics = new Registry();
  addRegistryMetrics(createAppMetrics(metrics), registry);
  return (await metrics.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const outdated = {
  current: false,
  loadedAt: 5_000 as Timestamp,
  failedAt: 7_500 as Timestamp,
  devices: 3,
  heldDevices: 2,
};

test('a registry that read a file says how it stands to it', async () => {
  expect(await linesOf({ state: () => outdated })).toEqual([
    'rollcall_registry_loaded_timestamp_seconds 5',
    'rollcall_registry_failed_timestamp_seconds 7.5',
    'rollcall_registry_current 0',
    'rollcall_registry_devices 3',
    'rollcall_registry_held_devices 2',
  ]);
});

test('an adapter whose registry is out of date is ready, and degraded', () => {
  const checks = (registry: Pick<DeviceRegistry, 'state'>) =>
    readinessOfOthers({
      registry,
      sinks: [],
      files: [],
      sender: { connected: () => true } as never,
      depth: [],
      journalBehind: false,
      now: 0 as Timestamp,
    }).filter(({ name }) => name === 'device-registry');
  expect(checks(known(outdated))).toMatchObject([{ status: 'DEGRADED', code: 'REGISTRY_DEVICES_HELD' }]);
  const broken = { ...outdated, heldDevices: 0 };
  expect(checks(known(broken))).toMatchObject([{ status: 'DEGRADED', code: 'REGISTRY_NOT_CURRENT' }]);
  expect(checks(known({ ...broken, current: true }))).toEqual([{ name: 'device-registry', status: 'UP' }]);
  expect(checks({})).toEqual([]);
});

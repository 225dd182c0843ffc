import { ManualClock } from '@rollcall/conformance';
import { ScriptedRegistry, scriptedPasswords } from '@rollcall/conformance/registry';
import { deviceRef, type Timestamp } from '@rollcall/core';
import { expect, test } from 'vitest';
import { reauthorize } from './reauthorize.ts';

async function givenADevice({ expiresInMs }: { readonly expiresInMs?: number } = {}) {
  const clock = new ManualClock();
  const registry = new ScriptedRegistry({ presenceIntervalSeconds: 60, presenceProbe: true });
  const tenant = await registry.getTenant('acme');
  if (tenant.status !== 'found') throw new Error('no tenant');
  const identity = {
    device: deviceRef('acme', 'thermostat-7'),
    authId: 'thermostat-7',
    tenant: tenant.value,
    ...(expiresInMs !== undefined && { expiresAt: (clock.now() + expiresInMs) as Timestamp }),
  };
  const context = {
    registry,
    passwords: scriptedPasswords(clock),
    clock,
    adapterType: 'hono-coap',
  };
  return { clock, registry, ask: () => reauthorize(identity, context) };
}

test('a device that may still be served is so with what the registry says now', async () => {
  const { ask } = await givenADevice();
  expect(await ask()).toMatchObject({
    status: 'accepted',
    identity: { authId: 'thermostat-7', presenceIntervalMs: 60_000, presenceProbe: true },
  });
});

test('one that was disabled, or whose tenant was, may not', async () => {
  const device = await givenADevice();
  device.registry.disable('acme', 'thermostat-7');
  expect(await device.ask()).toMatchObject({ refusal: { reason: 'device-not-registered' } });
  const tenant = await givenADevice();
  tenant.registry.disable('acme');
  expect(await tenant.ask()).toMatchObject({ refusal: { reason: 'tenant-disabled' } });
});

test('what it proved counts until it expires', async () => {
  const { clock, ask } = await givenADevice({ expiresInMs: 1_000 });
  clock.advance(999);
  expect(await ask()).toMatchObject({ status: 'accepted', identity: { expiresAt: clock.now() + 1 } });
  clock.advance(1);
  expect(await ask()).toMatchObject({ status: 'refused', refusal: { reason: 'bad-credentials' } });
});

test('a registry that is away is no answer', async () => {
  const { registry, ask } = await givenADevice();
  registry.unavailable = true;
  expect(await ask()).toMatchObject({ refusal: { reason: 'unavailable' } });
});

import { deviceRef } from '@rollcall/core';
import { breaksRule } from '@rollcall/core/registry';
import { expect, test } from 'vitest';
import type { NetworkChoice } from './messaging-network.ts';
import { networkPresets } from './network-presets.ts';
import { template } from './template.ts';
import { tenantRules } from './tenant-rules.ts';

function refusals(network: NetworkChoice, tenant: string): readonly string[] {
  return tenantRules(network)
    .filter((rule) => breaksRule(tenant, rule))
    .map(({ reason }) => reason);
}

test.each<readonly [NetworkChoice, string]>([
  [{ name: 'hono' }, 'a::b'],
  [{ name: 'hono' }, '#'],
  [{ name: 'hono' }, 'ä'.repeat(128)],
  [{ name: 'artemis' }, 'a::b'],
  [{ name: 'artemis' }, 'a#'],
  [{ name: 'rabbitmq-3' }, 'a'.repeat(246)],
  [{ name: 'rabbitmq-4', eventAddress: '/queues/{tenant}' }, 'a%2F'],
  [{ name: 'activemq-classic' }, 'a,b'],
  [{ name: 'activemq-classic' }, 'a>'],
  [{ name: 'activemq-classic' }, 'a?b=c'],
])('%j cannot carry %s', (network, tenant) => {
  expect(refusals(network, tenant)).toHaveLength(1);
});

test.each<NetworkChoice>([
  { name: 'hono' },
  { name: 'artemis' },
  { name: 'rabbitmq-3' },
  { name: 'rabbitmq-4' },
  { name: 'activemq-classic' },
])('%j carries ordinary tenants', (network) => {
  for (const tenant of ['DEFAULT_TENANT', 't 3-ü', 'a:b', 'a.b', '😀'])
    expect(refusals(network, tenant)).toEqual([]);
});

test('a tenant that is percent-encoded in the address may hold any character', () => {
  const encoded = { eventAddress: 'event/{tenant:pct}', telemetryAddress: 'telemetry/{tenant:pct}' };
  expect(refusals({ name: 'artemis', ...encoded }, 'a::b#')).toEqual([]);
  expect(refusals({ name: 'rabbitmq-4' }, 'a%::#*,>')).toEqual([]);
});

test.each([
  ['hono', 'event/t 3-ü'],
  ['artemis', 'event/t 3-ü'],
  ['rabbitmq-3', '/queue/event%2Ft%203-%C3%BC'],
  ['rabbitmq-4', '/queues/event%2Ft%203-%C3%BC'],
  ['activemq-classic', 'queue://event.t 3-ü'],
] as const)('the address of an odd tenant on %s is as documented', (name, address) => {
  expect(template(networkPresets[name].eventAddress)(deviceRef('t 3-ü', 'd'))).toBe(address);
});

import { ConfigError } from '@rollcall/core';
import type { Log } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import type { NetworkChoice } from './messaging-network.ts';
import { networkPresets } from './network-presets.ts';
import { resolveNetwork } from './resolve-network.ts';

/** The resolved options, and the warnings or problems. */
function resolved(choice: NetworkChoice) {
  const warnings: string[] = [];
  const silent = (): void => {};
  const log: Log = {
    debug: silent,
    info: silent,
    warn: (_facts, text) => void warnings.push(text),
    error: silent,
  };
  try {
    return { options: resolveNetwork(choice, log), warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, warnings };
  }
}

test.each(Object.keys(networkPresets) as (keyof typeof networkPresets)[])(
  'the preset %s has neither problems nor warnings',
  (name) => {
    expect(resolved({ name })).toEqual({ options: networkPresets[name], warnings: [] });
  },
);

test('differences replace options of the preset', () => {
  expect(resolved({ name: 'hono', eventAddress: 'queue://event/{tenant}', subject: '{device}' })).toEqual({
    options: { ...networkPresets.hono, eventAddress: 'queue://event/{tenant}', subject: '{device}' },
    warnings: [],
  });
});

test.each<[string, NetworkChoice, string]>([
  ['no anonymous relay', { name: 'rabbitmq-3', links: 'anonymous-relay' }, 'has no anonymous relay'],
  ['a queue that ends with the broker', { name: 'rabbitmq-3', targetDurability: 0 }, 'ends with the broker'],
  [
    'a place that nothing fills',
    { name: 'hono', eventAddress: 'event/{tenantId}' },
    'ROLLCALL_MESSAGING_EVENTADDRESS: {tenantId} is none of {tenant}, {tenant:pct}',
  ],
  [
    'a link for each device',
    { name: 'hono', telemetryAddress: 't/{device}' },
    'ROLLCALL_MESSAGING_TELEMETRYADDRESS: {device}',
  ],
  [
    'an annotation of ours',
    { name: 'hono', annotations: { tenant_id: 'x' } },
    'ROLLCALL_MESSAGING_ANNOTATIONS: tenant_id has its value already',
  ],
])('options with %s are refused', (_what, choice, said) => {
  expect(resolved(choice).problems?.join()).toContain(said);
});

test.each<[string, NetworkChoice]>([
  ['an exchange', { name: 'rabbitmq-3', eventAddress: '/exchange/event/{tenant:pct}' }],
  ['a topic', { name: 'rabbitmq-3', eventAddress: '/topic/event.{tenant:pct}' }],
  ['a queue that may be missing', { name: 'rabbitmq-3', eventAddress: '/amq/queue/event%2F{tenant:pct}' }],
  ['a relay to multicast', { name: 'artemis', links: 'anonymous-relay' }],
  ['multicast', { name: 'artemis', eventCapabilities: [] }],
  ['a topic of ActiveMQ', { name: 'activemq-classic', eventAddress: 'topic://event.{tenant}' }],
])('a warning says that %s drops events unless something was declared', (_what, choice) => {
  const { options, warnings } = resolved(choice);
  expect(options).toBeDefined();
  expect(warnings).toEqual([expect.stringMatching(/accepts and drops .* each tenant/)]);
});

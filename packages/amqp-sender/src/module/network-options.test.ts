import { readOptions } from '@rollcall/options';
import { expect, test } from 'vitest';
import { networkOptions, networkSettings } from './network-options.ts';

function read(env: Record<string, string>) {
  const variables = Object.entries(env).map(([name, value]) => [`ROLLCALL_MESSAGING_${name}`, value]);
  const { values, problems } = readOptions(networkOptions, Object.fromEntries(variables));
  return problems.length > 0 ? problems : networkSettings(values);
}

test('settings without other options have only the kind of network', () => {
  expect(read({})).toEqual({ name: 'hono' });
  expect(read({ NETWORK: 'rabbitmq-4' })).toEqual({ name: 'rabbitmq-4' });
});

test('every other option replaces its part of the preset', () => {
  expect(
    read({
      NETWORK: 'artemis',
      EVENTADDRESS: 'e/{tenant}',
      TELEMETRYADDRESS: 't/{tenant}',
      EVENTCAPABILITIES: 'queue, shared',
      TELEMETRYCAPABILITIES: 'none',
      TARGETDURABILITY: '2',
      LINKS: 'anonymous-relay',
      SESSIONS: 'per-address',
      SUBJECT: '{device}',
      ANNOTATIONS: 'x-opt-partition-key={tenant}/{device},x-site=a=b',
    }),
  ).toEqual({
    name: 'artemis',
    eventAddress: 'e/{tenant}',
    telemetryAddress: 't/{tenant}',
    eventCapabilities: ['queue', 'shared'],
    telemetryCapabilities: [],
    targetDurability: 2,
    links: 'anonymous-relay',
    sessions: 'per-address',
    subject: '{device}',
    annotations: { 'x-opt-partition-key': '{tenant}/{device}', 'x-site': 'a=b' },
  });
});

test.each([
  [{ NETWORK: 'rabbitmq' }, 'must be one of hono'],
  [{ TARGETDURABILITY: '3' }, 'must be one of 0, 1, 2'],
  [{ ANNOTATIONS: 'x-opt-partition-key' }, 'must be name=text pairs'],
  [{ EVENTCAPABILITIES: 'queue,' }, 'must not have an empty part'],
])('%j is refused: %s', (env, problem) => {
  expect(read(env)).toEqual([
    { code: 'OPTION_MALFORMED', text: expect.stringContaining(problem) as unknown },
  ]);
});

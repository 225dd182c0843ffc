import { ConfigError } from '@rollcall/core';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import type { MessagingModule } from '@rollcall/messaging-module';
import { optional } from '@rollcall/options';
import { oneOf, port, text } from '@rollcall/options/formats';
import { expect, test } from 'vitest';
import { loadConfig } from './load-config.ts';
import { selectSinks } from './select-sinks.ts';

const own = {
  port: optional('TEST_PORT', port, 'a port'),
  password: optional('TEST_PASSWORD', text, 'a secret', { secret: true }),
} as const;

const pigeon = (name: string): MessagingModule => ({
  name,
  options: { host: optional(`${name.toUpperCase()}_HOST`, oneOf('here', 'there'), 'where it is') },
  chosenBy: `${name.toUpperCase()}_HOST`,
  problems: ({ host }) =>
    host === 'there'
      ? [{ options: [`${name.toUpperCase()}_HOST`], text: 'is too far', code: 'NETWORK_WOULD_LOSE_EVENTS' }]
      : [],
  inForce: () => [],
  tenantRules: () => [],
  create: () => {
    throw new Error('not made here');
  },
});

const messaging = [pigeon('doves'), pigeon('ravens')];
const registry = { ROLLCALL_REGISTRY_FILE: 'registry.yaml' };

test.each<[code: string, env: Record<string, string>, said: string]>([
  ['OPTION_UNKNOWN', { ROLLCALL_TEST_PORTS: '1' }, 'ROLLCALL_TEST_PORTS: unknown option'],
  ['OPTION_MALFORMED', { ROLLCALL_TEST_PORT: 'x' }, 'ROLLCALL_TEST_PORT: must be a whole number'],
  ['OPTION_MISSING', { ROLLCALL_JOURNAL_KIND: 'file' }, 'ROLLCALL_JOURNAL_DIRECTORY: must be set'],
  [
    'OPTION_MISSING',
    { ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'events', ROLLCALL_JOURNAL_KIND: 'memory' },
    'ROLLCALL_DOVES_HOST or ROLLCALL_RAVENS_HOST: must be set',
  ],
  [
    'OPTIONS_CONFLICT',
    { ROLLCALL_DOVES_HOST: 'here', ROLLCALL_RAVENS_HOST: 'here' },
    'ROLLCALL_DOVES_HOST and ROLLCALL_RAVENS_HOST: set one of them',
  ],
  [
    'OPTIONS_CONFLICT',
    { ROLLCALL_TEST_PASSWORD: 'x', ROLLCALL_TEST_PASSWORD_FILE: '/x' },
    'ROLLCALL_TEST_PASSWORD and ROLLCALL_TEST_PASSWORD_FILE: set one of them',
  ],
  [
    'OPTION_FILE_UNREADABLE',
    { ROLLCALL_TEST_PASSWORD_FILE: '/nowhere/password' },
    'ROLLCALL_TEST_PASSWORD_FILE: /nowhere/password: cannot be read (ENOENT)',
  ],
  ['NETWORK_WOULD_LOSE_EVENTS', { ROLLCALL_DOVES_HOST: 'there' }, 'ROLLCALL_DOVES_HOST: is too far'],
])('a problem has the code %s: %j', (code, env, said) => {
  const load = (): unknown => loadConfig(own, { ...registry, ...env }, { messaging });
  expect(load).toThrow(
    expect.objectContaining({ coded: [{ code, text: expect.stringContaining(said) as unknown }] }),
  );
});

test('a sink that cannot be used has the code SINK_UNUSABLE', async () => {
  const context = { clock: systemClock, random: systemRandom, log: silentLog };
  const none = (): never => {
    throw new Error('not made here');
  };
  const selected = selectSinks(['./nowhere.js'], { logging: none, events: none }, context);
  await expect(selected).rejects.toMatchObject({ coded: [{ code: 'SINK_UNUSABLE' }] });
});

test('a problem that is a text alone has the code CONFIGURATION_INVALID', () => {
  expect(new ConfigError(['WEBHOOK_URL: must be a URL']).coded).toEqual([
    { code: 'CONFIGURATION_INVALID', text: 'WEBHOOK_URL: must be a URL' },
  ]);
});

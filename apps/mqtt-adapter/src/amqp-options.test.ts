import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@rollcall/adapter-process';
import { printConfig } from '@rollcall/adapter-process/internal';
import { variableOf } from '@rollcall/options';
import { ManualClock, seededRandom } from '@rollcall/conformance';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { ConfigError } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { expect, onTestFinished, test } from 'vitest';
import { amqp } from '@rollcall/amqp-sender';

const base = { ROLLCALL_REGISTRY_FILE: 'registry.yaml' };
const required = { ...base, ROLLCALL_MESSAGING_HOST: 'localhost' };

function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadConfig({}, env, { messaging: [amqp] });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test.each([
  [{ USERNAME: 'u' }, 'ROLLCALL_MESSAGING_USERNAME and ROLLCALL_MESSAGING_PASSWORD: set both or neither'],
  [{ KEYPATH: 'k' }, 'ROLLCALL_MESSAGING_CERTPATH and ROLLCALL_MESSAGING_KEYPATH: set both or neither'],
  [
    { SECUREPROTOCOLS: 'TLSv1.3', SUPPORTEDCIPHERSUITES: 'AES128-SHA' },
    'ROLLCALL_MESSAGING_SUPPORTEDCIPHERSUITES: has no cipher suite of a version in ROLLCALL_MESSAGING_SECUREPROTOCOLS',
  ],
  [
    { NETWORK: 'rabbitmq-3', LINKS: 'anonymous-relay' },
    'ROLLCALL_MESSAGING_LINKS: RabbitMQ 3 has no anonymous relay',
  ],
  [
    { EVENTADDRESS: 'event/{tenantId}' },
    'ROLLCALL_MESSAGING_EVENTADDRESS: {tenantId} is none of {tenant}, {tenant:pct}',
  ],
])('%j is refused before anything starts', (own, problem) => {
  const variables = Object.entries(own).map(([name, value]) => [`ROLLCALL_MESSAGING_${name}`, value]);
  expect(problemsOf({ ...required, ...Object.fromEntries(variables) })).toEqual([problem]);
});

test('an option that cannot be read is the only problem, even if other options depend on it', () => {
  expect(problemsOf({ ...required, ROLLCALL_MESSAGING_NETWORK: 'rabbitmq' })).toEqual([
    'ROLLCALL_MESSAGING_NETWORK: must be one of hono, artemis, rabbitmq-3, rabbitmq-4, activemq-classic',
  ]);
});

test('the sink `events` needs the host of a network; the sink `logging` does not', () => {
  const events = {
    ...base,
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'logging,events',
    ROLLCALL_JOURNAL_KIND: 'memory',
  };
  expect(problemsOf(events)).toEqual(['ROLLCALL_MESSAGING_HOST: must be set']);
  expect(problemsOf(base)).toEqual([]);
});

test('another option of the network without its host is a problem', () => {
  expect(problemsOf({ ...base, HONO_MESSAGING_PORT: '5672' })).toEqual([
    'ROLLCALL_MESSAGING_HOST: must be set',
  ]);
});

test('rules for tenants follow from the options of the network', () => {
  const { messaging } = loadConfig(
    {},
    { ...required, ROLLCALL_MESSAGING_NETWORK: 'activemq-classic' },
    { messaging: [amqp] },
  );
  expect(messaging?.module.tenantRules(messaging.values)).toContainEqual(
    expect.objectContaining({ pattern: '[*>]' }),
  );
});

test('the options of the module are listed after those of the kit and before those of the adapter', () => {
  const { effective } = loadConfig({}, required, { messaging: [amqp] });
  const variables = effective.map(({ variable }) => variable);
  expect(variables.indexOf('ROLLCALL_REGISTRY_HOLD') + 1).toBe(variables.indexOf('ROLLCALL_MESSAGING_HOST'));
  expect(variables.at(-1)).toBe('ROLLCALL_MESSAGING_ANNOTATIONS');
});

test('the printed configuration is an environment file that gives the same configuration', () => {
  const env = { ...required, ROLLCALL_MESSAGING_NETWORK: 'rabbitmq-3', HONO_MESSAGING_PORT: '5672' };
  const lines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const printed = (from: Readonly<Record<string, string>>) =>
    lines(printConfig(loadConfig({}, from, { messaging: [amqp] }).effective));
  const again = Object.fromEntries(
    printed(env).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  expect(printed(again)).toEqual(printed(env));
});

test('an option that names a missing file is a problem of the configuration', () => {
  const { messaging } = loadConfig(
    {},
    { ...required, ROLLCALL_MESSAGING_TRUSTSTOREPATH: '/nowhere/ca.pem' },
    { messaging: [amqp] },
  );
  const create = () =>
    messaging?.module.create(messaging.values, {
      clock: new ManualClock(),
      random: seededRandom(1),
      log: silentLog,
      adapterType: 'hono-mqtt',
      followFiles: () => {},
      fileOf: () => undefined,
    });
  expect(create).toThrow('ROLLCALL_MESSAGING_TRUSTSTOREPATH: /nowhere/ca.pem: cannot be read (ENOENT)');
});

test('the module follows the files of the trust store and of the password once it is created', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-amqp-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const trustStore = file('ca.pem', createCertificateAuthority('CN=CA').cert);
  const password = file('password', 'hush\n');
  const { messaging, effective } = loadConfig(
    {},
    {
      ...base,
      // Nothing listens there, and nothing has to.
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: '1',
      ROLLCALL_MESSAGING_TRUSTSTOREPATH: trustStore,
      ROLLCALL_MESSAGING_USERNAME: 'adapter',
      HONO_MESSAGING_PASSWORD_FILE: password,
    },
    { messaging: [amqp] },
  );
  const followed: unknown[] = [];
  const created = messaging?.module.create(messaging.values, {
    clock: new ManualClock(),
    random: seededRandom(1),
    log: silentLog,
    adapterType: 'hono-mqtt',
    followFiles: ({ name, files }) => followed.push([name, files]),
    fileOf: (name) => effective.find(({ variable }) => variable === variableOf(name))?.file,
  });
  await created?.sender.close();
  expect(followed).toEqual([
    ['messaging-truststore', [trustStore]],
    ['messaging-password', [password]],
  ]);
});

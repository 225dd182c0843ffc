import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, recordingLog, seededRandom } from '@rollcall/conformance';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import type { FollowedSet } from '@rollcall/file-follower';
import { environmentTable, readOptions } from '@rollcall/options';
import { filesOfSecrets } from '@rollcall/options/module';
import { describe, expect, onTestFinished, test } from 'vitest';
import { registryOptions, serviceNames, valuesFor } from './registry-options.ts';
import { registryProblems } from './registry-problems.ts';
import { serviceSettings } from './service-settings.ts';

type Env = Readonly<Record<string, string>>;

function settingsOf(env: Env) {
  const read = readOptions(registryOptions, env);
  expect(read.problems).toEqual([]);
  const sets = new Map<string, FollowedSet>();
  const context = {
    clock: new ManualClock(),
    random: seededRandom(1),
    log: recordingLog(),
    adapterType: 'hono-mqtt',
    tenantRules: [],
    followFiles: (set: FollowedSet) => void sets.set(set.name, set),
    fileOf: filesOfSecrets(read.effective),
    openNotifications: () => undefined,
  };
  const of = (service: (typeof serviceNames)[number]) => serviceSettings(service, read.values, context);
  return { sets, of };
}

describe('options of the services of a registry', () => {
  test('hold for all services, or for one by the name that Hono has', () => {
    const { of } = settingsOf({
      ROLLCALL_REGISTRY_HOST: 'registry',
      ROLLCALL_REGISTRY_REQUESTTIMEOUT: '500',
      ROLLCALL_TENANT_REQUESTTIMEOUT: '600',
      HONO_CREDENTIALS_HOST: 'elsewhere',
      HONO_CREDENTIALS_PORT: '5672',
      HONO_CREDENTIALS_RESPONSECACHEMAXSIZE: '7',
      HONO_REGISTRATION_RESPONSECACHEDEFAULTTIMEOUT: '60',
      HONO_REGISTRATION_INITIALCREDITS: '5',
    });
    const facts = serviceNames.map((service) => {
      const { connection, requestTimeoutMs, maxKept, keepSeconds, maxOutstanding } = of(service);
      return [connection.host, connection.port, requestTimeoutMs, maxKept, keepSeconds, maxOutstanding];
    });
    expect(facts).toEqual([
      ['registry', 5671, 600, 50_000, 600, 200],
      ['registry', 5671, 500, 50_000, 60, 5],
      ['elsewhere', 5672, 500, 7, 600, 200],
    ]);
    expect(of('credentials').connection).toMatchObject({
      containerName: 'hono-mqtt-credentials',
      role: 'credentials',
      redial: { minDelayMs: 0, maxDelayMs: 7_000, incrementMs: 100 },
    });
  });

  test.each(serviceNames)('of Hono for the %s service are all known', (service) => {
    const section = service.toUpperCase();
    const names = [
      ...[
        'HOST',
        'PORT',
        'USERNAME',
        'PASSWORD',
        'AMQPHOSTNAME',
        'TLSENABLED',
        'TRUSTSTOREPATH',
        'CERTPATH',
        'KEYPATH',
      ],
      ...[
        'HOSTNAMEVERIFICATIONREQUIRED',
        'SECUREPROTOCOLS',
        'SUPPORTEDCIPHERSUITES',
        'CONNECTTIMEOUT',
        'IDLETIMEOUT',
      ],
      ...[
        'LINKESTABLISHMENTTIMEOUT',
        'REQUESTTIMEOUT',
        'INITIALCREDITS',
        'RECONNECTMINDELAY',
        'RECONNECTMAXDELAY',
      ],
      ...['RECONNECTDELAYINCREMENT', 'RESPONSECACHEMAXSIZE', 'RESPONSECACHEDEFAULTTIMEOUT'],
    ];
    const env = Object.fromEntries(names.map((name) => [`HONO_${section}_${name}`, '1']));
    expect(readOptions(registryOptions, env).warnings).toEqual([]);
  });

  test('for one service are in no table, and are listed where they are set', () => {
    expect(environmentTable(registryOptions)).not.toContain('ROLLCALL_TENANT_');
    const { effective } = readOptions(registryOptions, { HONO_TENANT_HOST: 'x' });
    expect(effective.filter(({ variable }) => variable.startsWith('ROLLCALL_TENANT'))).toMatchObject([
      { variable: 'ROLLCALL_TENANT_HOST', text: 'x', source: 'HONO_TENANT_HOST' },
    ]);
  });

  test.each<readonly [Env, readonly string[]]>([
    [{ REGISTRY_HOST: 'a' }, []],
    [{ TENANT_HOST: 'a', REGISTRATION_HOST: 'a', CREDENTIALS_HOST: 'a' }, []],
    [{}, ['ROLLCALL_REGISTRY_HOST: must be set']],
    [
      { TENANT_HOST: 'a' },
      ['ROLLCALL_REGISTRY_HOST: must be set, or ROLLCALL_REGISTRATION_HOST, ROLLCALL_CREDENTIALS_HOST'],
    ],
    [
      { REGISTRY_HOST: 'a', REGISTRY_USERNAME: 'u' },
      ['ROLLCALL_REGISTRY_USERNAME and ROLLCALL_REGISTRY_PASSWORD: set both or neither'],
    ],
    [{ REGISTRY_HOST: 'a', REGISTRY_USERNAME: 'u', REGISTRY_PASSWORD: 'p', TENANT_PASSWORD: 'q' }, []],
    [
      { REGISTRY_HOST: 'a', CREDENTIALS_CERTPATH: 'c' },
      ['ROLLCALL_CREDENTIALS_CERTPATH and ROLLCALL_REGISTRY_KEYPATH: set both or neither'],
    ],
    [
      {
        REGISTRY_HOST: 'a',
        REGISTRY_SECUREPROTOCOLS: 'TLSv1.3',
        REGISTRY_SUPPORTEDCIPHERSUITES: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      },
      [
        'ROLLCALL_REGISTRY_SUPPORTEDCIPHERSUITES: has no cipher suite of a version in ROLLCALL_REGISTRY_SECUREPROTOCOLS',
      ],
    ],
  ])('%j: %j', (env, expected) => {
    const variables = Object.entries(env).map(([name, value]) => [`ROLLCALL_${name}`, value]);
    const { values } = readOptions(registryOptions, Object.fromEntries(variables));
    const texts = registryProblems(values).map(
      ({ options, text }) => `${options.map((name) => `ROLLCALL_${name}`).join(' and ')}: ${text}`,
    );
    expect(texts).toEqual(expected);
  });

  test('name files, whose content is followed for each service by itself', () => {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-registry-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const authority = createCertificateAuthority('CN=CA');
    const { key, cert } = authority.issue({ subject: 'CN=adapter' });
    const { sets, of } = settingsOf({
      ROLLCALL_REGISTRY_HOST: 'a',
      ROLLCALL_REGISTRY_USERNAME: 'u',
      ROLLCALL_REGISTRY_PASSWORD_FILE: file('password', 'old\n'),
      ROLLCALL_REGISTRY_TRUSTSTOREPATH: file('ca.pem', authority.cert),
      ROLLCALL_TENANT_CERTPATH: file('tls.crt', cert),
      ROLLCALL_TENANT_KEYPATH: file('tls.key', key),
    });
    const { connection } = of('tenant');
    expect(connection.renewed?.()).toMatchObject({ password: 'old', tls: { ca: authority.cert, cert, key } });
    sets.get('registry-tenant-password')?.use(['new\n']);
    expect(connection.renewed?.()).toMatchObject({ password: 'new' });
    of('credentials');
    expect([...sets.keys()]).toEqual([
      'registry-tenant',
      'registry-tenant-truststore',
      'registry-tenant-password',
      'registry-credentials-truststore',
      'registry-credentials-password',
    ]);
  });
});

test('values of one service leave those of others alone', () => {
  const { values } = readOptions(registryOptions, { ROLLCALL_TENANT_HOST: 'a', ROLLCALL_REGISTRY_HOST: 'b' });
  expect(serviceNames.map((service) => valuesFor(service, values).host)).toEqual(['a', 'b', 'b']);
});

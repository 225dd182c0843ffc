import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { amqp } from '@rollcall/amqp-sender';
import { redis } from '@rollcall/directory-redis';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadMqttConfig, mqttAdapterOptions } from './config.ts';

interface Service {
  readonly build?: { readonly context: string; readonly args: Readonly<Record<string, string>> };
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[];
  readonly networks: readonly string[] | Readonly<Record<string, { readonly ipv4_address: string }>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
}

interface Composition {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>;
}

const folder = new URL('../../../deploy/fleet/', import.meta.url);
const composition = parse(readFileSync(new URL('compose.yaml', folder), 'utf8'), {
  merge: true,
}) as Composition;
const balancer = readFileSync(new URL('haproxy.cfg', folder), 'utf8');
const { services } = composition;
const adapters = Object.entries(services).filter(([, { build }]) => build?.args['APP'] === 'mqtt-adapter');
const secrets = mkdtempSync(join(tmpdir(), 'rollcall-compose-'));
for (const name of Object.keys(composition.secrets)) writeFileSync(join(secrets, name), `of ${name}`);
afterAll(() => rmSync(secrets, { recursive: true }));

/** What the container of a service has in its environment, with the secrets of this test in place of those of the engine. */
function environmentOf({ environment = {} }: Service): Record<string, string> {
  // The image sets it.
  const own = { ROLLCALL_JOURNAL_DIRECTORY: '/var/lib/rollcall' };
  const given = Object.entries(environment).map(
    ([name, value]) => [name, value.replace('/run/secrets', secrets)] as const,
  );
  return { ...own, ...Object.fromEntries(given) };
}

describe('the composition of a fleet', () => {
  test.each(adapters)('%s has variables that the adapter knows, and whatever it needs', (name, service) => {
    const config = loadMqttConfig(environmentOf(service), [amqp], [redis]);
    expect(config.warnings).toEqual([]);
    expect(config.kit).toMatchObject({ adapterId: name });
    expect(mqttAdapterOptions(config.own)).toMatchObject({ plain: { port: 1883 } });
    const { host, password } = config.messaging?.values ?? {};
    expect(Object.keys(services)).toContain(host);
    expect(password).toBe('of broker-password');
    const directory = config.directory?.values;
    expect(Object.keys(services)).toContain(new URL(String(directory?.['url'])).hostname);
    expect(directory?.['password']).toBe('of directory-password');
  });

  test('two adapters are one fleet: they share a directory and no journal', () => {
    expect(adapters).toHaveLength(2);
    const [one, other] = adapters.map(([, service]) => environmentOf(service));
    const shared = (env: Readonly<Record<string, string>> = {}): object => {
      const { ROLLCALL_ADAPTER_ID: id, ...rest } = env;
      expect(id).toMatch(/^mqtt-\d$/);
      return rest;
    };
    expect(shared(one)).toEqual(shared(other));
    const journals = adapters.map(([, { volumes = [] }]) =>
      volumes.filter((volume) => volume.endsWith(':/var/lib/rollcall')),
    );
    expect(new Set(journals.flat()).size).toBe(2);
  });

  test('whatever it names is there', () => {
    for (const {
      depends_on: before = [],
      networks,
      secrets: used = [],
      volumes = [],
      build,
    } of Object.values(services)) {
      expect(Object.keys(services)).toEqual(expect.arrayContaining([...before]));
      const joined = Array.isArray(networks) ? (networks as string[]) : Object.keys(networks);
      expect(Object.keys(composition.networks)).toEqual(expect.arrayContaining(joined));
      expect(Object.keys(composition.secrets)).toEqual(expect.arrayContaining([...used]));
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.')) expect(existsSync(new URL(source, folder)), source).toBe(true);
        else expect(Object.keys(composition.volumes)).toContain(source);
      }
      if (build) expect(existsSync(new URL(`${build.context}/Dockerfile`, folder))).toBe(true);
    }
  });

  test('the directory evicts nothing, and is not published', () => {
    const { command = [], ports } = services['valkey'] ?? {};
    expect(command.join(' ')).toContain('--maxmemory-policy noeviction');
    expect(command.join(' ')).toContain('--requirepass');
    expect(ports).toBeUndefined();
  });

  test('the balancer spreads devices over all adapters, and they believe what it says of addresses', () => {
    const servers = [...balancer.matchAll(/^ {2}server (\S+) (\S+)$/gm)].map(([, name, place]) => [
      name,
      place,
    ]);
    expect(servers).toEqual(adapters.map(([name]) => [name, `${name}:1883`]));
    expect(balancer).toContain('send-proxy-v2');
    const { networks } = services['balancer'] ?? {};
    const address = (networks as Record<string, { ipv4_address: string }> | undefined)?.['iot']?.ipv4_address;
    for (const [, { environment }] of adapters)
      expect(environment?.['ROLLCALL_MQTT_PROXYPROTOCOLFROM']).toBe(address);
  });
});

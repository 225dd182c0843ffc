import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAmqpConnection } from '@rollcall/amqp-connection';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../e2e/support/ports.ts';
import { startApp, type TestProcess } from '../e2e/support/processes.ts';
import { foreignProcess, type ForeignProcess } from './networks/foreign-process.ts';
import { debianPython, hasPackage } from './support.ts';

// HAProxy between devices and adapters, with and without TLS, which it passes through. It comes from another address than the
// devices do: what the adapters tell of must be the devices' own.

const apps = ['mqtt', 'http', 'amqp'] as const;
const versions = ['send-proxy', 'send-proxy-v2'] as const;
const schemes = ['plain', 'tls'] as const;
const balancerAddress = '127.0.0.9';
const amqpDevice = fileURLToPath(new URL('amqp_device.py', import.meta.url));
/** A device for each connection: an HTTP device that comes again is connected still. */
const deviceIds = Array.from({ length: 20 }, (_, index) => `d${index}`);
let used = 0;
const password = 'secret-1';

interface LogLine {
  readonly msg: string;
  readonly listening?: readonly { readonly port: number }[];
  readonly event?: string;
  readonly remoteAddress?: string;
}

interface Way {
  readonly app: (typeof apps)[number];
  readonly version: (typeof versions)[number];
  readonly scheme: (typeof schemes)[number];
  readonly port: number;
}

const ways: readonly Way[] = apps.flatMap((app) =>
  versions.flatMap((version) => schemes.map((scheme) => ({ app, version, scheme, port: freePort() }))),
);

const packages = ['haproxy', 'mosquitto-clients', 'curl', 'python3-qpid-proton'];

describe.runIf(packages.every(hasPackage))('through HAProxy', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-haproxy-'));
  const file = (name: string): string => join(directory, name);
  const adapters = new Map<string, { readonly process: TestProcess; readonly ports: readonly number[] }>();
  let haproxy: ForeignProcess | undefined;

  /** Whom the adapters let in so far, by address. */
  const connected = (app: string): readonly (string | undefined)[] =>
    (adapters.get(app)?.process.stdout ?? [])
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine)
      .filter(({ event }) => event === 'connected')
      .map(({ remoteAddress }) => remoteAddress);

  async function startAdapter(app: (typeof apps)[number]): Promise<void> {
    const section = `ROLLCALL_${app.toUpperCase()}`;
    const adapter = startApp(`${app}-adapter`, [], {
      ROLLCALL_REGISTRY_FILE: file('registry.json'),
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: '1',
      ROLLCALL_HEALTH_PORT: '0',
      [`${section}_INSECUREPORTENABLED`]: 'true',
      [`${section}_INSECUREPORT`]: '0',
      [`${section}_PORT`]: '0',
      [`${section}_KEYPATH`]: file('server.key'),
      [`${section}_CERTPATH`]: file('server.pem'),
      [`${section}_PROXYPROTOCOLFROM`]: balancerAddress,
    });
    const ready = JSON.parse(
      await adapter.line((line) => line.includes('"ready"'), 'that it is ready'),
    ) as LogLine;
    adapters.set(app, { process: adapter, ports: (ready.listening ?? []).map(({ port }) => port) });
  }

  /** Health checks of its own too: every tenth of a second, with a header that says LOCAL. */
  function balancerConfig(): string {
    const lines = ways.flatMap(({ app, version, scheme, port }, index) => [
      `listen way${index}`,
      `  bind 127.0.0.1:${port}`,
      `  server adapter 127.0.0.1:${adapters.get(app)?.ports[schemes.indexOf(scheme)]} source ${balancerAddress} ${version} check check-send-proxy inter 100`,
    ]);
    const times = ['timeout connect 5s', 'timeout client 30s', 'timeout server 30s'];
    return ['defaults', '  mode tcp', ...times.map((each) => `  ${each}`), ...lines, ''].join('\n');
  }

  beforeAll(async () => {
    const { key, cert } = localhostCertificate();
    writeFileSync(file('server.key'), key);
    writeFileSync(file('server.pem'), cert);
    const secrets = [{ 'pwd-plain': password }];
    const devices = deviceIds.map((id) => ({
      'device-id': id,
      credentials: [{ type: 'hashed-password', 'auth-id': id, secrets }],
    }));
    writeFileSync(file('registry.json'), JSON.stringify({ tenants: [{ 'tenant-id': 'acme', devices }] }));
    await Promise.all(apps.map(startAdapter));
    writeFileSync(file('haproxy.cfg'), balancerConfig());
    haproxy = foreignProcess({
      command: '/usr/sbin/haproxy',
      args: ['-db', '-f', file('haproxy.cfg')],
      port: ways[0]?.port ?? 0,
    });
    await haproxy.start();
  });
  afterAll(async () => {
    await haproxy?.end('SIGKILL');
    await Promise.all([...adapters.values()].map(({ process: adapter }) => adapter.end('SIGKILL')));
    rmSync(directory, { recursive: true, force: true });
  });

  async function connect({ app, scheme, port }: Omit<Way, 'version'>): Promise<void> {
    const tls = scheme === 'tls';
    const username = `${deviceIds[used++]}@acme`;
    const run = (command: string, ...args: readonly string[]): void =>
      void spawnSync(command, args, { timeout: 20_000, stdio: 'ignore' });
    switch (app) {
      case 'mqtt':
        return run(
          'mosquitto_pub',
          ...[
            '-h',
            'localhost',
            '-p',
            String(port),
            '-u',
            username,
            '-P',
            password,
            '-t',
            'telemetry',
            '-m',
            'x',
          ],
          ...(tls ? ['--cafile', file('server.pem')] : []),
        );
      case 'http':
        return run(
          'curl',
          ...['-4', '-s', '-m', '20', '-u', `${username}:${password}`, '--data', 'x'],
          ...(tls ? ['--cacert', file('server.pem')] : []),
          `${tls ? 'https' : 'http'}://localhost:${port}/telemetry`,
        );
      case 'amqp':
        return tls
          ? connectAmqpsTo(port, username)
          : run(debianPython, amqpDevice, `amqp://127.0.0.1:${port}`, username, password);
      default:
        return app satisfies never;
    }
  }

  async function connectAmqpsTo(port: number, username: string): Promise<void> {
    const connection = createAmqpConnection({
      host: 'localhost',
      port,
      containerName: 'device',
      username,
      password,
      tls: { ca: localhostCertificate().cert, hostnameVerification: true },
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
    });
    await connection.whenConnected(AbortSignal.timeout(20_000));
    await connection.close();
  }

  test.each(ways)(
    'a device has its own address in events ($app, $scheme, PROXY protocol $version)',
    async (way) => {
      const before = connected(way.app).length;
      await connect(way);
      await expect.poll(() => connected(way.app).length, { timeout: 240_000 }).toBe(before + 1);
      expect(connected(way.app).at(-1)).toMatch(/^127\.0\.0\.1:\d+$/);
    },
  );

  test.each(apps)('the %s adapter serves a device that comes without a balancer too', async (app) => {
    const before = connected(app).length;
    await connect({ app, scheme: 'plain', port: adapters.get(app)?.ports[0] ?? 0 });
    await expect.poll(() => connected(app).length, { timeout: 240_000 }).toBe(before + 1);
  });

  test('the adapter hangs up on curl that claims to be a balancer', () => {
    const url = `http://127.0.0.1:${adapters.get('http')?.ports[0]}/telemetry`;
    const login = ['-u', `${deviceIds[0]}@acme:${password}`, '--data', 'x'];
    const args = ['-s', '-m', '20', '--haproxy-protocol', ...login, url];
    // 52: an empty answer; 56: the connection was reset.
    expect([52, 56]).toContain(spawnSync('curl', args).status);
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../e2e/support/ports.ts';
import { startApp, type TestProcess } from '../e2e/support/processes.ts';
import { blocksRunBy } from '../documents/document-blocks.ts';
import { hasPackage } from './support.ts';

// Certificates made as docs/operations.md says, presented by clients that are not ours.

/** How certificates are made, and how each client presents one. */
const [making, ...presenting] = blocksRunBy('test/interop/certificates.test.ts').map(({ code }) => code);
const amqpDevice = fileURLToPath(new URL('amqp_device.py', import.meta.url));
const apps = ['mqtt', 'http', 'amqp', 'coap'] as const;

interface LogLine {
  readonly msg: string;
  readonly listening?: readonly { readonly port: number }[];
  readonly event?: string;
  readonly device?: string;
}

const hasClients = ['mosquitto-clients', 'curl', 'python3-qpid-proton', 'openssl'].every(hasPackage);

describe.runIf(hasClients)('a certificate that was made with openssl', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-certificates-'));
  const processes: TestProcess[] = [];
  const adapters = new Map<string, { readonly process: TestProcess; readonly port: number }>();

  /** Runs the commands of the documentation; the result is what they print. */
  function makeCertificates(): readonly string[] {
    const printed = execFileSync('sh', ['-e', '-c', making ?? 'exit 1'], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return printed.trim().split('\n');
  }

  const file = (name: string): string => join(directory, name);

  beforeAll(async () => {
    const [authority = '', subject = ''] = makeCertificates();
    const authId = subject.replace(/^subject= ?/, '');
    const device = {
      'device-id': 'device-1',
      credentials: [{ type: 'x509-cert', 'auth-id': authId, secrets: [{}] }],
    };
    const tenant = { 'tenant-id': 'acme', 'trusted-ca': [{ cert: authority }], devices: [device] };
    writeFileSync(file('registry.json'), JSON.stringify({ tenants: [tenant] }));
    const networkPort = String(freePort());
    const network = startApp('rollcall', ['network', '--port', networkPort, '--data', file('network')]);
    processes.push(network);
    await network.line((line) => line.includes('accepts every password'), 'that it runs');
    for (const app of apps) {
      const section = `ROLLCALL_${app.toUpperCase()}`;
      const adapter = startApp(`${app}-adapter`, [], {
        ROLLCALL_REGISTRY_FILE: file('registry.json'),
        ROLLCALL_MESSAGING_HOST: '127.0.0.1',
        ROLLCALL_MESSAGING_PORT: networkPort,
        ROLLCALL_HEALTH_PORT: '0',
        [`${section}_PORT`]: '0',
        [`${section}_KEYPATH`]: file('server.key'),
        [`${section}_CERTPATH`]: file('server.pem'),
      });
      processes.push(adapter);
      const ready = JSON.parse(
        await adapter.line((line) => line.includes('"ready"'), 'that it is ready'),
      ) as LogLine;
      adapters.set(app, { process: adapter, port: ready.listening?.[0]?.port ?? 0 });
    }
  });
  afterAll(async () => {
    for (const each of processes) await each.end('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  /** What the adapter's log says of the device. */
  async function expectConnected(app: string): Promise<void> {
    const isConnected = (line: string): boolean => {
      const { event, device } = JSON.parse(line) as LogLine;
      return event === 'connected' && device === 'device-1';
    };
    await adapters.get(app)?.process.line(isConnected, 'that device-1 is connected');
  }

  const port = (app: string): string => String(adapters.get(app)?.port);
  const run = (command: string, ...args: readonly string[]) =>
    spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });

  test.each([
    ['mqtt', 'mosquitto-clients', '8883'],
    ['http', 'curl', '8443'],
    ['coap', 'libcoap3-bin', '5684'],
  ] as const)('connects a device over %s, as the document says', async (app, debianPackage, documented) => {
    const all = presenting
      .join('\n')
      .replaceAll(/\\\n\s*/g, '')
      .split('\n');
    const command = all.find((line) => line.includes(documented)) ?? 'exit 1';
    expect(all.filter((line) => line !== '')).toHaveLength(3);
    if (!hasPackage(debianPackage)) return;
    const { status, stderr } = spawnSync('sh', ['-c', command.replace(documented, port(app))], {
      cwd: directory,
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(status, stderr).toBe(0);
    await expectConnected(app);
  });

  test('connects a device over AMQP 1.0', async () => {
    const tls = [file('server.pem'), file('device-1.pem'), file('device-1.key')].join(',');
    const url = `amqps://localhost:${port('amqp')}`;
    const { stdout } = run('/usr/bin/python3', amqpDevice, url, '--certificate', tls, 'event');
    expect(stdout.trim()).toBe('accepted');
    await expectConnected('amqp');
  });

  test('lets no device in where its authority did not sign it', () => {
    const name = ['-subj', '/O=Acme/CN=device-1', '-keyout', file('forged.key'), '-out', file('forged.pem')];
    run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...name);
    const tls = [file('server.pem'), file('forged.pem'), file('forged.key')].join(',');
    const url = `amqps://localhost:${port('amqp')}`;
    expect(run('/usr/bin/python3', amqpDevice, url, '--certificate', tls, 'event').stdout.trim()).toBe(
      'refused',
    );
  });
});

import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startApp, type TestProcess } from './support/processes.ts';

// Certificates that are replaced as Kubernetes does it: a link to a folder is put in the place of another.

const authority = createCertificateAuthority('CN=CA');
let folder = '';
let adapter: TestProcess | undefined;
const sockets: TLSSocket[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-certificates-'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await adapter?.end('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

async function mount(version: string, { key, cert }: { key: string; cert: string }): Promise<void> {
  const path = join(folder, `..${version}`);
  await mkdir(path);
  await writeFile(join(path, 'tls.key'), key);
  await writeFile(join(path, 'tls.crt'), cert);
  await symlink(`..${version}`, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
}

async function handshake(port: number): Promise<{ readonly socket: TLSSocket; readonly serial: string }> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false });
  sockets.push(socket);
  await once(socket, 'secureConnect');
  return { socket, serial: socket.getPeerCertificate().serialNumber };
}

async function start(app: string, section: string, env: Record<string, string> = {}) {
  for (const name of ['tls.key', 'tls.crt']) await symlink(`..data/${name}`, join(folder, name));
  await mount('one', authority.issue({ subject: 'CN=localhost' }));
  const registry = join(folder, 'registry.yaml');
  await writeFile(registry, 'tenants: []');
  adapter = startApp(app, [], {
    ROLLCALL_REGISTRY_FILE: registry,
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_MESSAGING_PORT: '1',
    ROLLCALL_HEALTH_PORT: '0',
    [`ROLLCALL_${section}_PORT`]: '0',
    [`ROLLCALL_${section}_KEYPATH`]: join(folder, 'tls.key'),
    [`ROLLCALL_${section}_CERTPATH`]: join(folder, 'tls.crt'),
    ...env,
  });
  const ready = JSON.parse(await adapter.line((line) => line.includes('"ready"'), 'that it is ready')) as {
    healthPort: number;
    listening: { port: number }[];
  };
  const get = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${ready.healthPort}${path}`)).text();
  return { adapter, port: ready.listening[0]?.port ?? 0, get };
}

test.each([
  ['mqtt-adapter', 'MQTT'],
  ['http-adapter', 'HTTP'],
  ['amqp-adapter', 'AMQP'],
])(
  'the %s adapter shows a new certificate and not a bad one, and drops no device, also with SIGHUP',
  async (app, section) => {
    const { adapter: running, port, get } = await start(app, section);
    const first = await handshake(port);
    await mount(
      'two',
      authority.issue({ subject: 'CN=localhost', notAfter: Date.parse('2040-01-01T00:00:00Z') }),
    );
    running.child.kill('SIGHUP');
    await running.line((line) => line.includes('new certificate or secret is in use'), 'that it is in use');
    expect(running.stdout.join('\n')).toContain('SIGHUP: looking at');
    const second = await handshake(port);
    expect(second.serial).not.toBe(first.serial);
    const name = `${section.toLowerCase()}s`;
    const expiry = new RegExp(
      `^rollcall_tls_certificate_expiry_seconds\\{listener="${name}",.*\\} 2208988800$`,
      'm',
    );
    expect(await get('/metrics')).toMatch(expiry);

    await mount('three', { ...authority.issue({ subject: 'CN=localhost' }), key: authority.key });
    await running.line((line) => line.includes('the old one stays in use'), 'that it cannot be used');
    expect((await handshake(port)).serial).toBe(second.serial);
    await expect.poll(() => get('/readiness')).toContain(`"files-of-${name}"`);
    expect(await get('/readiness')).toContain('DEGRADED');
    expect(first.socket.destroyed).toBe(false);
  },
);

test('a listener speaks only the TLS version and the cipher suites that are configured by their names in Java', async () => {
  const { port } = await start('mqtt-adapter', 'MQTT', {
    HONO_MQTT_SECUREPROTOCOLS: 'TLSv1.2',
    HONO_MQTT_SUPPORTEDCIPHERSUITES: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  });
  const { socket } = await handshake(port);
  expect(socket.getProtocol()).toBe('TLSv1.2');
  expect(socket.getCipher().standardName).toBe('TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384');
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeBlockedPort, recordingLog } from '@rollcall/conformance';
import { localhostCertificate } from '@rollcall/conformance/certificates';
import { silentLog, systemClock, systemRandom, type Log } from '@rollcall/core/environment';
import { hashPassword } from '@rollcall/device-registry';
import { ResourceStack } from '@rollcall/runtime';
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadRegistryConfig } from './config.ts';
import { openStore } from './open-store.ts';
import { startService } from './service.ts';
import { StoreUnavailable } from './store/store-unavailable.ts';

async function given(
  more: (folder: string) => Readonly<Record<string, string>> = () => ({}),
  log: Log = silentLog,
) {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-service-'));
  const resources = new ResourceStack();
  onTestFinished(async () => {
    await resources.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });
  const userFile = join(folder, 'users.json');
  const admin = { name: 'admin', tenants: '*', scope: 'registry:admin', ...(await hashPassword('one')) };
  writeFileSync(userFile, JSON.stringify({ users: [admin] }));
  const config = loadRegistryConfig({
    ROLLCALL_REGISTRY_HTTP_USERFILE: userFile,
    ROLLCALL_REGISTRY_HTTP_PORT: '0',
    ROLLCALL_HEALTH_PORT: '0',
    ROLLCALL_REGISTRY_DIRECTORY: join(folder, 'registry'),
    ...more(folder),
  });
  const environment = { clock: systemClock, random: systemRandom, log };
  const store = await openStore(config, environment);
  resources.defer(() => store.close());
  const running = await startService({ config, store, ...environment }, resources);
  const ask = (path: string, password: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${running.port}${path}`, {
      ...init,
      headers: { authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` },
    });
  return { ...running, config, environment, ask, store };
}

test('a tenant that was written over HTTP is stored and counted', async () => {
  const { ask, healthPort } = await given();
  expect((await ask('/v1/tenants/acme', 'one', { method: 'POST' })).status).toBe(201);
  expect((await ask('/v1/tenants/acme', 'two')).status).toBe(401);
  expect((await ask('/v1/tenants/acme', 'one')).status).toBe(200);
  const health = await fetch(`http://127.0.0.1:${healthPort}/readiness`);
  expect([health.status, await health.json()]).toMatchObject([200, { status: 'UP' }]);
  const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
  expect(metrics).toMatch(/^rollcall_registry_changes_total\{type="tenant",.*\} 1$/m);
});

test('a port that browsers refuse is told to the operator', async () => {
  const log = recordingLog();
  const port = await freeBlockedPort();
  await given(() => ({ ROLLCALL_REGISTRY_HTTP_PORT: String(port) }), log);
  expect(log.lines).toContainEqual(
    expect.objectContaining({ level: 'warn', facts: { service: 'management', port } }),
  );
});

test('the service answers, and reports the failure, while the database refuses writes', async () => {
  const { ask, healthPort, store } = await given();
  const check = async () => {
    const health = await fetch(`http://127.0.0.1:${healthPort}/readiness`);
    return (await health.json()) as { status: string; checks: readonly object[] };
  };
  Object.defineProperty(store, 'writeTrouble', { value: 'database or disk is full', configurable: true });
  expect(await check()).toMatchObject({
    status: 'DEGRADED',
    checks: expect.arrayContaining([
      expect.objectContaining({
        ...{ name: 'database', code: 'DATABASE_NOT_WRITTEN' },
        reason: 'the latest write could not be made: database or disk is full',
      }),
    ]),
  });
  expect((await ask('/v1/tenants/none', 'one')).status).toBe(404);
});

test('the service is ready exactly while the database answers', async () => {
  const { ask, healthPort, store } = await given();
  const readTenant = vi.spyOn(store, 'tenant');
  const answers = async (): Promise<readonly number[]> => [
    (await ask('/v1/tenants/none', 'one')).status,
    (await fetch(`http://127.0.0.1:${healthPort}/readiness`)).status,
  ];
  expect(await answers()).toEqual([404, 200]);
  readTenant.mockRejectedValue(new StoreUnavailable('away'));
  expect(await answers()).toEqual([503, 503]);
  readTenant.mockRestore();
  expect(await answers()).toEqual([404, 200]);
});

test('a second service on the same directory is refused', async () => {
  const { config, environment } = await given();
  await expect(openStore(config, environment)).rejects.toThrow('another device registry uses it');
});

test('a port with a key and a certificate accepts only TLS', async () => {
  const { port, ask } = await given((folder) => {
    const { key, cert } = localhostCertificate();
    const [keyPath, certPath] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    writeFileSync(keyPath, key);
    writeFileSync(certPath, cert);
    return { ROLLCALL_REGISTRY_HTTP_KEYPATH: keyPath, ROLLCALL_REGISTRY_HTTP_CERTPATH: certPath };
  });
  expect(port).toBeGreaterThan(0);
  await expect(ask('/v1/tenants', 'one')).rejects.toThrow('fetch failed');
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp } from '../e2e/support/processes.ts';
import { startUp, type RunningUp } from '../e2e/support/up.ts';
import { debianPython, hasPackage } from './support.ts';

// A device that is not ours: Qpid Proton's Python client, against the AMQP adapter.

const script = fileURLToPath(new URL('amqp_device.py', import.meta.url));

describe.runIf(hasPackage('python3-qpid-proton'))('an AMQP device on Qpid Proton', () => {
  let up: RunningUp;

  beforeAll(async () => {
    up = await startUp();
  });
  afterAll(() => up.cleanUp());

  const device = (...args: readonly string[]): readonly string[] => deviceAt(5_672 + up.offset, ...args);

  function deviceAt(port: number, ...args: readonly string[]): readonly string[] {
    const { stdout } = spawnSync(debianPython, [script, `amqp://127.0.0.1:${port}`, ...args], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    return stdout.trim().split('\n');
  }

  test('connects, uploads, gets the outcome, and leaves', async () => {
    const outcomes = device('sensor1@DEFAULT_TENANT', 'hono-secret', 'event', 'telemetry', 'nowhere', 'e');
    expect(outcomes).toEqual(['accepted', 'released', 'rejected', 'accepted']);
    const [connected, ended] = await up.untilEvents(2);
    expect(connected).toMatchObject({
      device: '4711',
      cause: 'connected',
      data: { protocol: 'AMQP 1.0', 'adapter-id': 'amqp-0', basis: { kind: 'session' } },
    });
    expect(ended).toMatchObject({ cause: 'disconnected', data: { reason: 'client-closed', clean: true } });
  });

  test('acts as a gateway', async () => {
    expect(device('gw@DEFAULT_TENANT', 'gw-secret', 'event//4712', 'event//nobody')).toEqual([
      'accepted',
      'rejected',
    ]);
    await up.untilEvents(4);
  });

  test('is refused with a wrong password, without an event', async () => {
    expect(device('sensor1@DEFAULT_TENANT', 'guess', 'event')).toEqual(['refused']);
    expect(device('sensor1@DEFAULT_TENANT', 'hono-secret', 'event')).toEqual(['accepted']);
    expect((await up.untilEvents(6)).slice(4).map(({ cause }) => cause)).toEqual([
      'connected',
      'disconnected',
    ]);
  });

  test('may have any UTF-8 as its password, or none where authentication is not required', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rollcall-amqp-'));
    const registry = join(directory, 'registry.json');
    const secrets = [{ 'pwd-plain': 'sécrèt€ 密' }];
    const credentials = [{ type: 'hashed-password', 'auth-id': 'd', secrets }];
    const tenant = { 'tenant-id': 'acme', devices: [{ 'device-id': 'd', credentials }] };
    writeFileSync(registry, JSON.stringify({ tenants: [tenant] }));
    const adapter = startApp('amqp-adapter', [], {
      ROLLCALL_REGISTRY_FILE: registry,
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: String(15_672 + up.offset),
      ROLLCALL_HEALTH_PORT: '0',
      ROLLCALL_AMQP_INSECUREPORTENABLED: 'true',
      ROLLCALL_AMQP_INSECUREPORT: '0',
      ROLLCALL_AMQP_AUTHENTICATIONREQUIRED: 'false',
    });
    try {
      const ready = await adapter.line((line) => line.includes('"ready"'), 'that it is ready');
      const { listening } = JSON.parse(ready) as { readonly listening: readonly [{ readonly port: number }] };
      const [{ port }] = listening;
      expect(deviceAt(port, 'd@acme', 'sécrèt€ 密', 'event')).toEqual(['accepted']);
      expect(deviceAt(port, 'd@acme', 'secret', 'event')).toEqual(['refused']);
      expect(deviceAt(port, 'anonymous', '', 'event/acme/d', 'event', 'event/acme/nobody')).toEqual([
        'accepted',
        'rejected',
        'rejected',
      ]);
    } finally {
      await adapter.end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    }
    const connected = adapter.stdout.filter((line) => line.includes('"event":"connected"'));
    expect(connected, 'of the device that said who it is, and of no other').toHaveLength(1);
  });
});

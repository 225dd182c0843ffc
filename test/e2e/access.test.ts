import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import { startUp } from './support/up.ts';

const demo = readFileSync(new URL('../../apps/rollcall/demo/registry.yaml', import.meta.url), 'utf8');

test('every adapter disconnects devices at once that are taken out of the registry file', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-access-'));
  const registry = join(directory, 'registry.yaml');
  // Their leases would last far longer than this test.
  writeFileSync(registry, demo.replaceAll('presence-interval: 10', 'presence-interval: 3600'));
  const up = await startUp(['--registry', registry]);
  const session = mqtt.connect(`mqtt://127.0.0.1:${up.mqttPort}`, {
    reconnectPeriod: 0,
    username: 'sensor1@DEFAULT_TENANT',
    password: 'hono-secret',
    clientId: 'thermostat-7',
  });
  session.on('error', () => {});
  try {
    const credentials = Buffer.from('sensor2@DEFAULT_TENANT:hono-secret').toString('base64');
    const { status } = await fetch(`http://127.0.0.1:${up.httpPort}/event`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}`, 'content-type': 'text/plain' },
      body: 'x',
    });
    expect(status).toBe(202);
    await up.untilEvents(2);

    writeFileSync(registry, 'tenants:\n  - tenant-id: DEFAULT_TENANT\n    devices: []\n');
    const ended = (await up.untilEvents(4)).slice(2);
    expect(ended.map(({ device }) => device).toSorted()).toEqual(['4711', '4713']);
    for (const { data } of ended) {
      expect(data).toMatchObject({ reason: 'access-revoked', initiator: 'operator' });
    }
  } finally {
    session.end(true);
    await up.cleanUp();
    rmSync(directory, { recursive: true });
  }
});

test('a device that is written to the device registry is let in at once, and disconnected when it is disabled', async () => {
  const up = await startUp();
  const api = `http://127.0.0.1:${28_080 + up.offset}/v1`;
  const write = async (method: string, path: string, body: unknown): Promise<number> => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch(api + path, { method, headers, body: JSON.stringify(body) })).status;
  };
  expect(await write('POST', '/devices/DEFAULT_TENANT/new', {})).toBe(201);
  const secrets = [{ 'pwd-plain': 'my-secret' }];
  const credentials = [{ type: 'hashed-password', 'auth-id': 'me', secrets }];
  expect(await write('PUT', '/credentials/DEFAULT_TENANT/new', credentials)).toBe(204);
  const session = mqtt.connect(`mqtt://127.0.0.1:${up.mqttPort}`, {
    reconnectPeriod: 0,
    username: 'me@DEFAULT_TENANT',
    password: 'my-secret',
  });
  session.on('error', () => {});
  try {
    const [connected] = await up.untilEvents(1);
    expect(connected).toMatchObject({ device: 'new', cause: 'connected' });

    expect(await write('PUT', '/devices/DEFAULT_TENANT/new', { enabled: false })).toBe(204);
    const [, ended] = await up.untilEvents(2);
    expect(ended).toMatchObject({
      device: 'new',
      data: { reason: 'access-revoked', initiator: 'operator' },
    });
  } finally {
    session.end(true);
    await up.cleanUp();
  }
});

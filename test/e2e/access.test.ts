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
    const upload = async (): Promise<number> => {
      const { status } = await fetch(`http://127.0.0.1:${up.httpPort}/event`, {
        method: 'POST',
        headers: { authorization: `Basic ${credentials}`, 'content-type': 'text/plain' },
        body: 'x',
      });
      return status;
    };
    // A busy network may take longer than the adapter waits: then the device sends it again.
    await expect.poll(upload).toBe(202);
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

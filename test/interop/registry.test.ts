import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { setRegistryStage, type RegistryStage } from '../faults/support/registry-stage.ts';

// An adapter that asks a registry service: what is changed by the management API counts at once.

let stage: RegistryStage;
const clients: MqttClient[] = [];

beforeAll(async () => {
  stage = setRegistryStage();
  await stage.start();
  await stage.manage('POST', 'tenants/acme');
  await stage.isWhole();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true);
});
afterAll(() => stage.strike());

/** A device with a password. */
async function add(device: string, password = 'secret'): Promise<void> {
  await stage.manage('POST', `devices/acme/${device}`, {});
  await setPassword(device, password);
}

function setPassword(device: string, password: string): Promise<void> {
  return stage.manage('PUT', `credentials/acme/${device}`, [
    { type: 'hashed-password', 'auth-id': device, secrets: [{ 'pwd-plain': password }] },
  ]);
}

/** Connects once; rejects where the device is refused. */
async function connect(device: string, password = 'secret'): Promise<MqttClient> {
  const client = await mqtt.connectAsync(
    stage.url,
    {
      username: `${device}@acme`,
      password,
      clientId: `unit-of-${device}`,
      reconnectPeriod: 0,
      protocolVersion: 5,
    },
    false,
  );
  client.on('error', () => {});
  clients.push(client);
  return client;
}

function closing(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}

async function refusalOf(device: string, password?: string): Promise<unknown> {
  try {
    await connect(device, password);
    return 'accepted';
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
}

function lastReasonOf(device: string): string | undefined {
  return stage.events().findLast((event) => event.device === device)?.reason;
}

describe('what is changed by the management API counts at once:', () => {
  test('a device that was refused before it was added is let in', async () => {
    expect(await refusalOf('late')).toBe(0x86);
    await add('late');
    expect((await connect('late')).connected).toBe(true);
  });

  test.each<readonly [string, string, (device: string) => Promise<void>, number]>([
    [
      'is disabled',
      'd1',
      (device) => stage.manage('PUT', `devices/acme/${device}`, { enabled: false }),
      0x87,
    ],
    ['is deleted', 'd2', (device) => stage.manage('DELETE', `devices/acme/${device}`), 0x86],
    ['gets another password', 'd3', (device) => setPassword(device, 'another'), 0x86],
    [
      'has no credentials any more',
      'd4',
      (device) => stage.manage('PUT', `credentials/acme/${device}`, []),
      0x86,
    ],
  ])('a device that %s is disconnected, and refused', async (_what, device, happens, code) => {
    await add(device);
    const client = await connect(device);
    const closed = closing(client);
    await happens(device);
    await closed;
    await expect.poll(() => lastReasonOf(device)).toBe('access-revoked');
    expect(await refusalOf(device)).toBe(code);
  });

  test('a tenant that is disabled loses all its devices, and they are let in again with it', async () => {
    await add('d5');
    const client = await connect('d5');
    const closed = closing(client);
    await stage.manage('PUT', 'tenants/acme', { enabled: false });
    await closed;
    await expect.poll(() => lastReasonOf('d5')).toBe('access-revoked');
    await stage.manage('PUT', 'tenants/acme', {});
    await expect.poll(() => refusalOf('d5')).toBe('accepted');
  });
});

describe('a registry that is killed and started again', () => {
  test('refuses no device whose answers are kept, ends no connection, and counts again', async () => {
    const devices = ['k1', 'k2', 'k3'];
    for (const device of devices) await add(device);
    const held = await connect('k1');
    for (const device of devices.slice(1)) await (await connect(device)).endAsync();
    await stage.registry.end('SIGKILL');
    await expect.poll(async () => (await stage.readiness()).status).toBe('DEGRADED');
    // Their answers are kept. Those of this one are not, and nobody can say whether it may come in.
    for (const device of devices.slice(1)) expect((await connect(device)).connected).toBe(true);
    expect(await refusalOf('unheard-of')).toBe(0x88);
    expect(held.connected).toBe(true);

    await stage.registry.start();
    await expect.poll(async () => (await stage.readiness()).status).toBe('UP');
    for (const device of devices) expect(await refusalOf(device)).toBe('accepted');
    expect(await refusalOf('unheard-of')).toBe(0x86);
    await stage.manage('DELETE', 'devices/acme/k3');
    await expect.poll(() => lastReasonOf('k3')).toBe('access-revoked');
  });
});

describe('a network that is killed and started again', () => {
  test('leaves nothing unheard: what was changed meanwhile counts', async () => {
    await add('n1');
    const client = await connect('n1');
    const closed = closing(client);
    await stage.network.end('SIGKILL');
    await expect.poll(async () => (await stage.readiness()).status).toBe('DEGRADED');
    await stage.manage('PUT', 'devices/acme/n1', { enabled: false });
    await stage.network.start();
    await closed;
    await expect.poll(() => lastReasonOf('n1')).toBe('access-revoked');
    await expect.poll(async () => (await stage.readiness()).status).toBe('UP');
  });
});

import { spawnSync } from 'node:child_process';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUp, type RunningUp } from '../e2e/support/up.ts';
import { startProtonConsumer, type ProtonConsumer } from './proton-consumer.ts';
import { hasPackage } from './support.ts';

// A consumer that is not ours: Qpid Proton's Python client.

describe.runIf(hasPackage('python3-qpid-proton'))('Qpid Proton', () => {
  let up: RunningUp;

  beforeAll(async () => {
    up = await startUp();
  });
  afterAll(() => up.cleanUp());

  const consume = (address: string): Promise<ProtonConsumer> =>
    startProtonConsumer({ url: `amqp://127.0.0.1:${up.networkPort}`, address });

  async function aDeviceComesAndGoes(): Promise<void> {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${up.mqttPort}`, {
      username: 'sensor1@DEFAULT_TENANT',
      password: 'hono-secret',
      clientId: 'thermostat-7',
      protocolVersion: 5,
    });
    await client.publishAsync('event/?content-type=text%2Fplain&hono-ttl=60', '21.5', { qos: 1 });
    await client.endAsync();
  }

  test('reads connection events and data of devices as they are specified', async () => {
    const consumer = await consume('event/DEFAULT_TENANT::proton');
    await aDeviceComesAndGoes();
    const messages = await consumer.until(3);
    await consumer.close();
    const [connected, uploaded, disconnected] = messages.toSorted(
      (one, other) => one.creationTime - other.creationTime,
    );
    if (!connected || !uploaded || !disconnected) throw new Error(`${messages.length} messages`);

    for (const message of [connected, disconnected]) {
      const body = JSON.parse(message.body) as { cause: string; data: Record<string, unknown> };
      expect(message).toMatchObject({
        durable: true,
        ttl: 0,
        id: body.data['event-id'],
        address: 'event/DEFAULT_TENANT',
        contentType: 'application/vnd.eclipse-hono-dc-notification+json',
        isData: true,
        annotations: {
          tenant_id: 'DEFAULT_TENANT',
          device_id: '4711',
          resource: 'event/DEFAULT_TENANT/4711',
        },
        properties: {
          device_id: '4711',
          qos: 1,
          orig_adapter: 'hono-mqtt',
          cloudEvents_specversion: '1.0',
          cloudEvents_id: body.data['event-id'],
          cloudEvents_source: '/hono-mqtt/mqtt-0',
          cloudEvents_type: `rollcall.device.${body.cause}`,
          cloudEvents_subject: 'DEFAULT_TENANT/4711',
          cloudEvents_time: body.data['at'],
        },
      });
      expect(message.propertyKinds['qos'], 'an AMQP int').toBe('int32');
      expect(message.creationTime * 1_000).toBeCloseTo(Date.parse(String(body.data['at'])), -1);
      expect(Object.keys(message.properties)).not.toContain('rollcall_announcement');
    }
    expect(JSON.parse(connected.body)).toMatchObject({
      cause: 'connected',
      'remote-id': 'thermostat-7',
      source: 'hono-mqtt',
    });
    expect(JSON.parse(disconnected.body)).toMatchObject({
      cause: 'disconnected',
      data: { reason: 'client-closed' },
    });

    expect(uploaded).toMatchObject({
      durable: true,
      address: 'event/DEFAULT_TENANT',
      contentType: 'text/plain',
      isData: true,
      body: '21.5',
      annotations: { tenant_id: 'DEFAULT_TENANT', device_id: '4711', resource: 'event/DEFAULT_TENANT/4711' },
      properties: {
        device_id: '4711',
        qos: 1,
        orig_adapter: 'hono-mqtt',
        orig_address: 'event/?content-type=text%2Fplain&hono-ttl=60',
      },
    });
    expect(uploaded.ttl, 'seconds').toBe(60);
    expect(uploaded.annotations['x-opt-trace-context']).toMatchObject({
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    });
  });

  test('competes for the shared queue, which kept earlier events', async () => {
    const consumer = await consume('event/DEFAULT_TENANT');
    expect(await consumer.until(3)).toHaveLength(3);
    await consumer.close();
  });

  test('sends telemetry, which is refused without a consumer and arrives with one', async () => {
    const send = (): string =>
      spawnSync(
        'mosquitto_pub',
        [
          '-h',
          '127.0.0.1',
          '-p',
          String(up.mqttPort),
          '-V',
          'mqttv5',
          '-u',
          'sensor1@DEFAULT_TENANT',
          '-P',
          'hono-secret',
          '-t',
          'telemetry',
          '-q',
          '1',
          '-m',
          '21.5',
        ],
        { encoding: 'utf8' },
      ).stderr;
    expect(send()).toMatch(/unspecified error/i);
    const consumer = await consume('telemetry/DEFAULT_TENANT');
    expect(send()).toBe('');
    const [message] = await consumer.until(1);
    await consumer.close();
    expect(message).toMatchObject({
      body: '21.5',
      address: 'telemetry/DEFAULT_TENANT',
      durable: false,
    });
  });
});

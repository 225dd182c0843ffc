import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUp, type RunningUp } from '../e2e/support/up.ts';
import { hasPackage } from './support.ts';

// A consumer that is not ours: Qpid Proton's Python client.

interface ProtonMessage {
  readonly durable: boolean;
  readonly ttl: number;
  readonly id: string;
  readonly address: string;
  readonly contentType: string;
  readonly creationTime: number;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly propertyKinds: Readonly<Record<string, string>>;
  readonly isData: boolean;
  readonly body: string;
}

/** Debian's own Python has Debian's packages; another one on the path has not. */
const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('read_events.py', import.meta.url));

describe.runIf(hasPackage('python3-qpid-proton'))('Qpid Proton', () => {
  let up: RunningUp;

  beforeAll(async () => {
    up = await startUp();
  });
  afterAll(() => up.cleanUp());

  /** Attaches a receiver; `all` resolves with what it got. */
  async function receive(
    address: string,
    count: number,
  ): Promise<{ readonly all: Promise<readonly ProtonMessage[]> }> {
    const child = spawn(python, [script, `amqp://127.0.0.1:${up.networkPort}`, address, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const messages: ProtonMessage[] = [];
    let attached = (): void => {};
    const ready = new Promise<void>((resolve) => (attached = resolve));
    const lines = createInterface(child.stdout);
    lines.on('line', (line) => {
      const parsed = JSON.parse(line) as ProtonMessage | 'attached';
      if (parsed === 'attached') attached();
      else messages.push(parsed);
    });
    const done = new Promise<readonly ProtonMessage[]>((resolve, reject) => {
      child.once('error', reject);
      lines.once('close', () => resolve(messages));
    });
    await Promise.race([ready, done]);
    return { all: done };
  }

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
    const received = await receive('event/DEFAULT_TENANT::proton', 3);
    await aDeviceComesAndGoes();
    const messages = await received.all;
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

  test('competes for the shared queue, which kept what came before', async () => {
    const messages = await (await receive('event/DEFAULT_TENANT', 3)).all;
    expect(messages).toHaveLength(3);
  });

  test('without a consumer, telemetry is refused; with one, it arrives', async () => {
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
    const received = await receive('telemetry/DEFAULT_TENANT', 1);
    expect(send()).toBe('');
    expect((await received.all)[0]).toMatchObject({
      body: '21.5',
      address: 'telemetry/DEFAULT_TENANT',
      durable: false,
    });
  });
});

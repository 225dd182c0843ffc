import { setTimeout as pause } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { adapterTable } from '../adapters/adapter-table.ts';
import { demoPorts, portsOf } from '../adapters/ports.ts';

export interface DemoCommand {
  /** That of `up`. */
  readonly portOffset: number;
}

/** The pause between two steps: long enough to watch, and to tell the events apart. */
const stepMs = 1_500;
/** How often an upload is sent. */
const mostTries = 20;
const refusedByNetwork = { mqtt: 0x80, http: 503 } as const;

/** `rollcall demo`: real MQTT and HTTP clients that do what devices do. */
export async function demo({ portOffset }: DemoCommand): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const ports = demoPorts(portOffset, adapterTable());
  const mqttPort = portsOf(ports, 'mqtt-adapter').devices;
  const httpPort = portsOf(ports, 'http-adapter').devices;
  const first = await connect(mqttPort, 'sensor1', 'hono-secret', 'demo-thermostat');
  say('Watch the events in the terminal where `npm start` runs.\n');
  say('sensor1 (device 4711) connects over MQTT       → connected');
  await pause(stepMs);
  say('sensor1 uploads an event with QoS 1');
  await upload(() => publish(first, 'event', '{"temp": 21.5}'));
  await pause(stepMs);
  say('sensor1 is killed: no goodbye, the socket dies → disconnected connection-lost');
  first.stream.destroy();
  await pause(stepMs);

  say('sensor1 comes back                             → connected');
  const second = await connect(mqttPort, 'sensor1', 'hono-secret', 'demo-thermostat');
  await pause(stepMs);
  say('sensor1 connects a second time, same client id → disconnected taken-over, connected');
  const third = await connect(mqttPort, 'sensor1', 'hono-secret', 'demo-thermostat');
  await pause(stepMs);
  second.end(true);

  say('gateway gw (device gw-1) connects over MQTT    → connected');
  const gateway = await connect(mqttPort, 'gw', 'gw-secret', 'demo-gateway');
  say('gw uploads an event on behalf of device 4712');
  await upload(() => publish(gateway, 'event//4712', '{"open": true}'));
  await pause(stepMs);
  say('both say goodbye                               → disconnected client-closed, twice');
  await third.endAsync();
  await gateway.endAsync();
  await pause(stepMs);

  say('sensor2 (device 4713) uploads over HTTP        → connected: a lease of 10 s');
  await upload(() => post(httpPort));
  await pause(stepMs);
  say('sensor2 uploads once more, which renews it');
  await upload(() => post(httpPort));
  say('sensor2 falls silent                           → in 10 s: disconnected inactive');
}

/** A busy network may take longer than an adapter waits: then a device sends its upload again. */
async function upload(send: () => Promise<'taken' | 'refused for now'>): Promise<void> {
  for (let tries = 1; tries <= mostTries; tries++) {
    if ((await send()) === 'taken') return;
    await pause(stepMs);
  }
  throw new Error('the messaging network takes nothing');
}

async function publish(
  client: MqttClient,
  topic: string,
  payload: string,
): Promise<'taken' | 'refused for now'> {
  try {
    await client.publishAsync(topic, payload, {
      qos: 1,
      properties: { contentType: 'application/json' },
    });
    return 'taken';
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === refusedByNetwork.mqtt) return 'refused for now';
    throw error;
  }
}

async function post(port: number): Promise<'taken' | 'refused for now'> {
  const { status } = await fetch(`http://127.0.0.1:${port}/event`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from('sensor2@DEFAULT_TENANT:hono-secret').toString('base64')}`,
      'content-type': 'application/json',
    },
    body: '{"litres": 12}',
  }).catch((error: unknown) => {
    throw new Error(`cannot upload to http://127.0.0.1:${port}: ${reasonOf(error)}`, { cause: error });
  });
  if (status === refusedByNetwork.http) return 'refused for now';
  if (status !== 202) throw new Error(`the HTTP adapter answered ${status}`);
  return 'taken';
}

async function connect(
  port: number,
  authId: string,
  password: string,
  clientId: string,
): Promise<MqttClient> {
  const client = mqtt.connect({
    protocol: 'mqtt',
    host: '127.0.0.1',
    port,
    protocolVersion: 5,
    username: `${authId}@DEFAULT_TENANT`,
    password,
    clientId,
    keepalive: 60,
    reconnectPeriod: 0,
    connectTimeout: 5_000,
  });
  const failed = `cannot connect to mqtt://127.0.0.1:${port}`;
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', (error) => reject(new Error(`${failed}: ${reasonOf(error)}`)));
    client.once('close', () => reject(new Error(`${failed}: connection closed`)));
  });
  // What happens to it from now on is the point of the demonstration.
  client.on('error', () => {});
  return client;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // `fetch` says only that it failed. One reason: it asks no port that browsers block, such as 10080.
  if (error.cause instanceof Error) return reasonOf(error.cause);
  if ('code' in error && error.code === 'ECONNREFUSED') return 'nothing listens there; run `npm start` first';
  return error.message || ('code' in error ? String(error.code) : 'unknown error');
}

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { formatCode } from '@rollcall/coap/codec';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { generate } from 'mqtt-packet';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { adapters } from './support/adapters.ts';
import { associate, patientHandshakeMs, patientTiming } from './support/coap-association.ts';
import { startApp } from './support/processes.ts';
import { stopped } from './support/stopped.ts';
import { startUp, type EventLine, type RunningUp } from './support/up.ts';

const clients: MqttClient[] = [];
/** How late the adapter was to hear of it: 0 where it is not busy. */
const onABusyMachine = expect.any(Number) as unknown;

afterEach(() => {
  for (const client of clients.splice(0)) client.end(true);
});

const sensor = { username: 'sensor1@DEFAULT_TENANT', password: 'hono-secret', clientId: 'thermostat-7' };

async function connect(port: number, facts: IClientOptions = {}): Promise<MqttClient> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    reconnectPeriod: 0,
    protocolVersion: 5,
    ...sensor,
    ...facts,
  });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
  });
  client.on('error', () => {});
  return client;
}

/** MQTT.js would ping, and close by itself where it gets no answer: just when the adapter does. */
async function logsInAndFallsSilent(port: number): Promise<void> {
  const socket = connectSocket({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  socket.write(
    generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 5,
      clean: true,
      keepalive: 1,
      ...sensor,
      password: Buffer.from(sensor.password),
    }),
  );
  await once(socket, 'data');
}

const causes = (events: readonly EventLine[]): string[] =>
  events.map(({ cause, data }) => (typeof data['reason'] === 'string' ? data['reason'] : cause));

/** Delivery is at least once: what comes again has the same id. */
function withoutRepetition(events: readonly EventLine[]): readonly EventLine[] {
  return [...new Map(events.map((event) => [event.data['event-id'], event])).values()];
}

describe('`rollcall up`', () => {
  let up: RunningUp;
  let seen = 0;

  beforeAll(async () => {
    up = await startUp();
  });
  afterAll(() => up.cleanUp());

  /** The events since the last call, once there are `count`. */
  async function next(count: number): Promise<readonly EventLine[]> {
    const all = await up.untilEvents(seen + count);
    const fresh = all.slice(seen);
    seen = all.length;
    return fresh;
  }

  test.each([4, 5] as const)(
    'shows a device that leaves (MQTT version %i) as client-closed',
    async (protocolVersion) => {
      const client = await connect(up.mqttPort, { protocolVersion });
      await client.endAsync();
      const events = await next(2);
      expect(causes(events)).toEqual(['connected', 'client-closed']);
      expect(events[1]).toMatchObject({
        tenant: 'DEFAULT_TENANT',
        device: '4711',
        'remote-id': 'thermostat-7',
        data: {
          'adapter-id': 'mqtt-0',
          protocol: protocolVersion === 5 ? 'MQTT 5.0' : 'MQTT 3.1.1',
          'uncertainty-ms': onABusyMachine,
        },
      });
      expect(events[0]?.data['connection-id']).toBe(events[1]?.data['connection-id']);
    },
  );

  test('shows a device that is killed as connection-lost', async () => {
    (await connect(up.mqttPort)).stream.destroy();
    expect(causes(await next(2))).toEqual(['connected', 'connection-lost']);
  });

  test('shows a device that falls silent as keepalive-timeout, on the real clock', async () => {
    await logsInAndFallsSilent(up.mqttPort);
    const events = await next(2);
    expect(causes(events)).toEqual(['connected', 'keepalive-timeout']);
    expect(events[0]?.data['basis']).toEqual({ kind: 'session', 'detect-within-ms': 1_500 });
    expect(events[1]?.data['uncertainty-ms']).toBeGreaterThanOrEqual(1_500);
  });

  test('shows a device that connects again with the same client id as taken over', async () => {
    await connect(up.mqttPort);
    const second = await connect(up.mqttPort);
    await second.endAsync();
    expect(causes(await next(4))).toEqual(['connected', 'taken-over', 'connected', 'client-closed']);
  });

  test('shows nothing of a login that is refused', async () => {
    await expect(connect(up.mqttPort, { password: 'guess' })).rejects.toMatchObject({ code: 0x86 });
    await (await connect(up.mqttPort)).endAsync();
    expect(causes(await next(2))).toEqual(['connected', 'client-closed']);
  });

  test('takes the event of a gateway for its device, and refuses telemetry that no consumer takes', async () => {
    const gateway = await connect(up.mqttPort, {
      username: 'gw@DEFAULT_TENANT',
      password: 'gw-secret',
      clientId: 'gw',
    });
    const outcome = (topic: string): Promise<unknown> =>
      gateway.publishAsync(topic, 'x', { qos: 1 }).then(
        () => 'taken',
        ({ code }: { readonly code: unknown }) => code,
      );
    // A busy network may take longer than an adapter waits: then the device sends it again.
    await expect.poll(() => outcome('event//4712')).toBe('taken');
    expect(await outcome('telemetry//4712')).toBe(0x80);
    await gateway.endAsync();
    expect(causes(await next(2))).toEqual(['connected', 'client-closed']);
  });

  test('lets tail follow the events, which takes none from other consumers', async () => {
    const tail = startApp('rollcall', ['tail', '--json', '--url', `amqp://127.0.0.1:${up.networkPort}`]);
    const stats = async (): Promise<boolean> => {
      await (await connect(up.mqttPort)).endAsync();
      await next(2);
      return tail.stdout.length > 0;
    };
    await expect.poll(stats, { timeout: 300_000, interval: 200 }).toBe(true);
    expect(JSON.parse(tail.stdout[0] ?? '')).toMatchObject({
      tenant: 'DEFAULT_TENANT',
      data: { protocol: 'MQTT 5.0' },
    });
    expect(await tail.end('SIGINT')).toBe(0);
  });

  test('lets devices print one line for each device that is online or left, when it is piped', async () => {
    const args = ['devices', '--url', `amqp://127.0.0.1:${up.networkPort}`];
    const [plain, json] = [startApp('rollcall', args), startApp('rollcall', [...args, '--json'])];
    // Each begins to listen at a moment of its own, perhaps while the device is connected.
    const stays = (lines: readonly string[]): readonly string[] =>
      lines.slice(lines.findIndex((line) => line.includes('online'))).slice(0, 2);
    const both = async (): Promise<boolean> => {
      await (await connect(up.mqttPort)).endAsync();
      await next(2);
      return [plain, json].every(
        ({ stdout }) => stdout.some((line) => line.includes('online')) && stays(stdout).length === 2,
      );
    };
    await expect.poll(both, { timeout: 300_000, interval: 200 }).toBe(true);
    const [online, offline] = stays(plain.stdout);
    expect(online).toMatch(
      /^DEFAULT_TENANT\/4711 {2}online {2}\S+ \S+ {2}MQTT 5.0 {2}session, silence noticed within 90 s$/,
    );
    expect(offline).toMatch(
      /^DEFAULT_TENANT\/4711 {2}offline {2}.* client-closed, (known (exactly|within [\d.]+ s)|last seen [\d.]+ s before)$/,
    );
    expect(stays(json.stdout).map((line) => JSON.parse(line) as object)).toMatchObject([
      { tenant: 'DEFAULT_TENANT', device: '4711', status: 'online', connections: [{ protocol: 'MQTT 5.0' }] },
      { status: 'offline', ending: { reason: 'client-closed' } },
    ]);
    expect(await Promise.all([plain.end('SIGINT'), json.end('SIGTERM')])).toEqual([0, 0]);
  });

  test('lets devices show which devices were connected before it began', async () => {
    const client = await connect(up.mqttPort);
    await next(1);
    const devices = startApp('rollcall', ['devices', '--json', '--port-offset', String(up.offset)]);
    await devices.line((line) => line.includes('"status":"online"'), 'that the device is online');
    await devices.end('SIGINT');
    await client.endAsync();
    expect(causes(await next(1))).toEqual(['client-closed']);
  });

  test('lets demo play what it prints', async () => {
    const demo = startApp('rollcall', ['demo', '--port-offset', String(up.offset)]);
    expect(await demo.exited()).toBe(0);
    // A library may have warned of itself.
    expect(demo.stderr).toEqual([]);
    const events = await next(10);
    expect(causes(events)).toEqual([
      'connected',
      'connection-lost',
      'connected',
      'taken-over',
      'connected',
      'connected',
      'client-closed',
      'client-closed',
      'connected',
      'inactive',
    ]);
    const [granted, ended] = events.slice(-2);
    expect(granted).toMatchObject({
      device: '4713',
      data: { basis: { kind: 'lease', 'interval-ms': 10_000, from: 'declared' }, protocol: 'HTTP/1.1' },
    });
    expect(ended?.data['uncertainty-ms']).toBeGreaterThanOrEqual(10_000);
    const basis = ended?.data['basis'] as { until: string } | undefined;
    expect(Date.parse(basis?.until ?? '')).toBeLessThanOrEqual(Date.parse(String(ended?.data['at'])));
  });

  test('shows a CoAP device as connected with one request over DTLS, and inactive after silence for its interval', async () => {
    const device = associate(5_684 + up.offset, 'sensor3@DEFAULT_TENANT', 'hono-secret', {
      handshakeWithinMs: patientHandshakeMs,
      timing: patientTiming,
    });
    expect(await device.opened).toBe(true);
    const upload = async (): Promise<string> =>
      formatCode(
        (await device.coap.request({ path: ['event'], payload: Buffer.from('{"temp": 21.5}') })).code,
      );
    // A busy network may take longer than the adapter waits: then the device sends it again.
    await expect.poll(upload).toBe('2.04');
    const [granted, ended] = await next(2);
    device.vanish();
    expect(granted).toMatchObject({
      device: '4714',
      data: { basis: { kind: 'lease', 'interval-ms': 10_000 }, protocol: 'CoAP/DTLS 1.2' },
    });
    expect(ended).toMatchObject({ data: { reason: 'inactive', 'adapter-id': 'coap-0' } });
    expect(ended?.data['uncertainty-ms']).toBeGreaterThanOrEqual(10_000);
  });

  test('answers for health and metrics', async () => {
    const readiness = async (): Promise<unknown> =>
      (await fetch(`http://127.0.0.1:${up.healthPort}/readiness`)).json();
    await expect.poll(readiness).toMatchObject({ status: 'UP' });
    const metrics = await (await fetch(`http://127.0.0.1:${up.healthPort}/metrics`)).text();
    expect(metrics).toMatch(/^hono_connections_attempts_total\{tenant="DEFAULT_TENANT",outcome="succeeded"/m);
    expect(metrics).toMatch(/^rollcall_event_delivery_seconds_count\{.*sink="events"\} [1-9]/m);
  });

  test('starts a killed adapter again, and its devices come back', async () => {
    const log = readFileSync(`${up.dataDir}/logs/mqtt-adapter.log`, 'utf8');
    const { pid } = JSON.parse(log.split('\n').find((line) => line.includes('"ready"')) ?? '{}') as {
      pid: number;
    };
    const before = withoutRepetition(up.events()).length;
    await connect(up.mqttPort);
    await next(1);
    process.kill(pid, 'SIGKILL');
    await up.process.line(
      (line) => line.includes('MQTT adapter ended unexpectedly (by SIGKILL)'),
      'that it ended',
    );
    await up.process.line((line) => line === 'MQTT adapter is back', 'that it is back');
    await (await connect(up.mqttPort)).endAsync();
    // The first of them may come again, if its confirmation did not reach the journal.
    await expect
      .poll(() => causes(withoutRepetition(up.events()).slice(before)), { timeout: 300_000 })
      .toEqual(['connected', 'adapter-lost', 'connected', 'client-closed']);
    seen = up.events().length;
  });

  test('names a taken port in one line and ends with status 1', async () => {
    const second = startApp('rollcall', ['up', '--port-offset', String(up.offset), '--data', up.dataDir]);
    expect(await second.exited()).toBe(1);
    expect(second.stderr).toEqual([
      `port ${up.mqttPort}, for MQTT devices, is taken: end what uses it, or move all ports with --port-offset 10000`,
    ]);
    expect(second.stdout).toEqual([]);
  });

  test('disconnects the devices on Ctrl-C, shows it, and ends with status 0', async () => {
    await connect(up.mqttPort);
    await connect(up.mqttPort, { clientId: 'another', protocolVersion: 4 });
    await next(2);
    expect(await up.process.end('SIGINT')).toBe(0);
    const last = up.events().slice(seen);
    expect(causes(last)).toEqual(['adapter-shutdown', 'adapter-shutdown']);
    expect(last[0]?.data).toMatchObject({
      clean: true,
      initiator: 'operator',
      'uncertainty-ms': onABusyMachine,
    });
  });
});

function childrenOf(up: RunningUp): readonly number[] {
  const { pid } = up.process.child;
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

/** The network's process: the child of `up` that is not the adapter. */
function networkPid(up: RunningUp): number {
  const network = childrenOf(up).find((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('\0network\0'),
  );
  if (network === undefined) throw new Error('no network process');
  return network;
}

describe('`rollcall up`, whose devices lose access and whose processes are ended', () => {
  let up: RunningUp;
  let before = 0;

  beforeAll(async () => {
    up = await startUp();
  });
  afterAll(() => up.cleanUp());

  test('a device that is written to the device registry is let in at once, and disconnected when it is disabled', async () => {
    const api = `http://127.0.0.1:${28_080 + up.offset}/v1`;
    const write = async (method: string, path: string, body: unknown): Promise<number> => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(api + path, { method, headers, body: JSON.stringify(body) })).status;
    };
    expect(await write('POST', '/devices/DEFAULT_TENANT/new', {})).toBe(201);
    const secrets = [{ 'pwd-plain': 'my-secret' }];
    const credentials = [{ type: 'hashed-password', 'auth-id': 'me', secrets }];
    expect(await write('PUT', '/credentials/DEFAULT_TENANT/new', credentials)).toBe(204);
    await connect(up.mqttPort, {
      username: 'me@DEFAULT_TENANT',
      password: 'my-secret',
      clientId: 'me',
      protocolVersion: 4,
    });
    const [connected] = await up.untilEvents(1);
    expect(connected).toMatchObject({ device: 'new', cause: 'connected' });

    expect(await write('PUT', '/devices/DEFAULT_TENANT/new', { enabled: false })).toBe(204);
    const [, ended] = await up.untilEvents(2);
    expect(ended).toMatchObject({
      device: 'new',
      data: { reason: 'access-revoked', initiator: 'operator' },
    });
    before = withoutRepetition(up.events()).length;
  });

  test('while the messaging network is away, devices connect, their data is refused, and events wait until it is back', async () => {
    const leaving = await connect(up.mqttPort, { clientId: 'before' });
    await expect
      .poll(() => withoutRepetition(up.events()).length, { timeout: 300_000 })
      .toBeGreaterThan(before);
    const network = networkPid(up);
    const goOn = stopped(network);
    const device = await connect(up.mqttPort, { clientId: 'meanwhile' });
    await expect(device.publishAsync('event', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x80 });
    await leaving.endAsync();
    process.kill(network, 'SIGKILL');
    goOn();
    await up.process.line((line) => line === 'messaging network is back', 'that the network is back');
    await expect
      .poll(() => causes(withoutRepetition(up.events()).slice(before)).toSorted(), { timeout: 300_000 })
      .toEqual(['client-closed', 'connected', 'connected']);
    const publish = (): Promise<string> =>
      device.publishAsync('event', 'x', { qos: 1 }).then(
        () => 'accepted',
        () => 'refused',
      );
    await expect.poll(publish, { timeout: 300_000 }).toBe('accepted');
  });

  test('the processes that `rollcall up` starts end with it', async () => {
    const children = childrenOf(up);
    // The network, the presence service, the device registry, and the adapters.
    expect(children).toHaveLength(3 + adapters.filter(({ published }) => published).length);
    await up.process.end('SIGKILL');
    const alive = (): readonly number[] => children.filter((pid) => existsSync(`/proc/${pid}`));
    await expect.poll(alive, { timeout: 300_000 }).toEqual([]);
  });
});

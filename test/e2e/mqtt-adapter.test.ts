import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type TestProcess } from './support/processes.ts';

// The adapter alone, as a team would deploy it.

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-adapter-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function registryWith(content: string): Promise<string> {
  const file = join(directory, 'registry.yaml');
  await writeFile(file, content);
  return file;
}

const environment = {
  ROLLCALL_MESSAGING_HOST: '127.0.0.1',
  ROLLCALL_MESSAGING_PORT: '1',
  ROLLCALL_MQTT_INSECUREPORTENABLED: 'true',
  ROLLCALL_MQTT_INSECUREPORT: '0',
  ROLLCALL_HEALTH_PORT: '0',
};

/** Why it could not start: the errors in its log, and nothing anywhere else. */
function fatalLines({ stdout, stderr }: TestProcess): readonly unknown[] {
  expect(stderr).toEqual([]);
  return stdout
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ level }) => level === 'error')
    .map(({ time, name, msg }) => {
      expect(name).toBe('mqtt-adapter');
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      return msg;
    });
}

test('an adapter with a bad configuration logs every problem and ends with status 2', async () => {
  const adapter = startApp('mqtt-adapter', [], {
    ROLLCALL_MQTT_INSECUREPORT: 'many',
    ROLLCALL_MQTT_INSECUREPROT: '1',
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'events',
    ROLLCALL_JOURNAL_KIND: 'memory',
  });
  expect(await adapter.exited()).toBe(2);
  expect(fatalLines(adapter)).toEqual([
    'configuration: ROLLCALL_MQTT_INSECUREPORT: must be a whole number from 0 to 65535',
    expect.stringContaining(
      'ROLLCALL_MQTT_INSECUREPROT: unknown option; did you mean ROLLCALL_MQTT_INSECUREPORT?',
    ),
    'configuration: ROLLCALL_REGISTRY_FILE: must be set',
    'configuration: ROLLCALL_MESSAGING_HOST: must be set',
    expect.stringContaining('no port to listen on'),
  ]);
});

test('an adapter with a bad registry file logs every problem and ends with status 2', async () => {
  const file = await registryWith(
    'tenants: [{tenant-id: a, devices: [{device-id: x, via: [y]}, {device-id: x}]}]',
  );
  const adapter = startApp('mqtt-adapter', [], { ...environment, ROLLCALL_REGISTRY_FILE: file });
  expect(await adapter.exited()).toBe(2);
  expect(fatalLines(adapter)).toEqual(['configuration: tenants[0].devices[1].device-id: x is there twice']);
});

test('an adapter whose network is away starts, logs it once, and is ready but DEGRADED; SIGTERM stops it', async () => {
  const file = await registryWith('tenants: []');
  const adapter = startApp('mqtt-adapter', [], { ...environment, ROLLCALL_REGISTRY_FILE: file });
  const ready = JSON.parse(await adapter.line((line) => line.includes('"ready"'), 'that it is ready')) as {
    healthPort: number;
  };
  await adapter.line((line) => line.includes('nothing listens at 127.0.0.1:1'), 'what is wrong');
  const readiness = await fetch(`http://127.0.0.1:${ready.healthPort}/readiness`);
  expect(readiness.status).toBe(200);
  expect(await readiness.json()).toMatchObject({ status: 'DEGRADED' });
  expect(await adapter.end('SIGTERM')).toBe(0);
});

test('an adapter whose port is taken logs one line and ends with status 1', async () => {
  const file = await registryWith('tenants: []');
  const first = startApp('mqtt-adapter', [], { ...environment, ROLLCALL_REGISTRY_FILE: file });
  const { listening } = JSON.parse(
    await first.line((line) => line.includes('"ready"'), 'that it is ready'),
  ) as {
    listening: { port: number }[];
  };
  const port = String(listening[0]?.port);
  const second = startApp('mqtt-adapter', [], {
    ...environment,
    ROLLCALL_REGISTRY_FILE: file,
    ROLLCALL_MQTT_INSECUREPORT: port,
  });
  expect(await second.exited()).toBe(1);
  expect(fatalLines(second)).toEqual([`mqtt port 127.0.0.1:${port} cannot be bound: EADDRINUSE`]);
  await first.end('SIGTERM');
});

test('variables of a Kubernetes Service with our name are logged once, and the adapter runs', async () => {
  const file = await registryWith('tenants: []');
  const adapter = startApp('mqtt-adapter', [], {
    ...environment,
    ROLLCALL_REGISTRY_FILE: file,
    ROLLCALL_MQTT_PORT: 'tcp://10.0.0.1:8883',
    ROLLCALL_MQTT_SERVICE_HOST: '10.0.0.1',
    ROLLCALL_MQTT_SERVICE_PORT: '8883',
    HONO_MQTT_SOMETHING: '1',
    ROLLCALL_LOG_FORMAT: 'numbers',
  });
  await adapter.line((line) => line.includes('"ready"'), 'that it is ready');
  expect(await adapter.end('SIGTERM')).toBe(0);
  const lines = adapter.stdout.map((line) => JSON.parse(line) as { level: number; msg: string });
  expect(lines.filter(({ msg }) => msg.includes('Kubernetes'))).toMatchObject([
    {
      level: 30,
      variables: ['ROLLCALL_MQTT_PORT', 'ROLLCALL_MQTT_SERVICE_HOST', 'ROLLCALL_MQTT_SERVICE_PORT'],
    },
  ]);
  expect(lines.filter(({ msg }) => msg.includes('HONO_MQTT_SOMETHING'))).toMatchObject([{ level: 40 }]);
});

test('--print-config shows what is in force and where it came from, and no secret', async () => {
  const adapter = startApp('mqtt-adapter', ['--print-config'], {
    ...environment,
    ROLLCALL_REGISTRY_FILE: 'registry.yaml',
    ROLLCALL_MESSAGING_USERNAME: 'u',
    HONO_MESSAGING_PASSWORD: 'hush-hush',
  });
  expect(await adapter.exited()).toBe(0);
  const printed = adapter.stdout.join('\n');
  expect(printed).toContain('# HONO_MESSAGING_PASSWORD\n# ROLLCALL_MESSAGING_PASSWORD=********');
  expect(printed).toContain('# default\nROLLCALL_MQTT_MAXPAYLOADSIZE=2048');
  expect(printed).toContain('# preset hono\nROLLCALL_MESSAGING_EVENTADDRESS=event/{tenant}');
  expect(printed).not.toContain('hush-hush');
});

test("a sink of one's own, named by its module, gets the events too", async () => {
  const posted: { readonly event: { readonly type: string }; readonly signature: unknown }[] = [];
  const far = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => {
      const event = JSON.parse(Buffer.concat(body).toString()) as { type: string };
      posted.push({ event, signature: request.headers['x-signature-sha256'] });
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(far, 'listening');
  const adapter = startApp('mqtt-adapter', [], {
    ...environment,
    ROLLCALL_REGISTRY_FILE: 'apps/rollcall/demo/registry.yaml',
    ROLLCALL_JOURNAL_KIND: 'memory',
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'logging, ./docs/examples/webhook.ts',
    WEBHOOK_URL: `http://127.0.0.1:${(far.address() as AddressInfo).port}/`,
    WEBHOOK_SECRET: 'hush',
  });
  const ready = JSON.parse(await adapter.line((line) => line.includes('"ready"'), 'that it is ready')) as {
    listening: { port: number }[];
  };
  const device = await mqtt.connectAsync(`mqtt://127.0.0.1:${ready.listening[0]?.port}`, {
    username: 'sensor1@DEFAULT_TENANT',
    password: 'hono-secret',
  });
  await device.endAsync();
  await expect.poll(() => posted.length, { timeout: 300_000 }).toBe(2);
  expect(posted.map(({ event }) => event.type)).toEqual(['connected', 'disconnected']);
  expect(posted[0]?.signature).toMatch(/^[0-9a-f]{64}$/);
  await adapter.line((line) => line.includes('"device disconnected"'), 'that the device left');
  expect(await adapter.end('SIGTERM')).toBe(0);
  far.close();
});

test('an adapter whose sink cannot be made logs one line and ends with status 2', async () => {
  const adapter = startApp('mqtt-adapter', [], {
    ...environment,
    ROLLCALL_REGISTRY_FILE: 'apps/rollcall/demo/registry.yaml',
    ROLLCALL_JOURNAL_KIND: 'memory',
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: './docs/examples/webhook.ts',
  });
  expect(await adapter.exited()).toBe(2);
  expect(fatalLines(adapter)).toEqual([
    'configuration: WEBHOOK_URL: must be a URL',
    'configuration: WEBHOOK_SECRET: must be set',
  ]);
});

/** A device that comes once. */
async function deviceAt(adapter: TestProcess, clientId: string): Promise<MqttClient> {
  const ready = JSON.parse(await adapter.line((line) => line.includes('"ready"'), 'that it is ready')) as {
    listening: { port: number }[];
  };
  return mqtt.connectAsync(`mqtt://127.0.0.1:${ready.listening[0]?.port}`, {
    username: 'sensor1@DEFAULT_TENANT',
    password: 'hono-secret',
    clientId,
    reconnectPeriod: 0,
  });
}

function devicesAt(adapter: TestProcess, count: number): Promise<readonly MqttClient[]> {
  return Promise.all(Array.from({ length: count }, (_, id) => deviceAt(adapter, `unit-${id}`)));
}

const messagesOf = ({ stdout }: TestProcess): readonly string[] =>
  stdout.map((line) => (JSON.parse(line) as { msg: string }).msg);

/** Log lines and events are dated in whole milliseconds, and the wall clock may be slewed. */
const clockToleranceMs = 20;

test('a stop with a drain rate ends sessions one after the other; a rate that is too small is logged at the start', async () => {
  const adapter = startApp('mqtt-adapter', [], {
    ...environment,
    ROLLCALL_REGISTRY_FILE: 'apps/rollcall/demo/registry.yaml',
    ROLLCALL_ADAPTER_DRAINRATE: '4',
    ROLLCALL_ADAPTER_SHUTDOWNGRACE: '30000',
  });
  await devicesAt(adapter, 4);
  expect(await adapter.end('SIGTERM')).toBe(0);
  const messages = messagesOf(adapter);
  expect(messages).toContainEqual(expect.stringContaining('cannot reach the greatest number of connections'));
  expect(messages.filter((message) => /drain|disconnected|stopp/.test(message))).toEqual([
    'stopping',
    'draining',
    ...Array.from({ length: 4 }, () => 'device disconnected'),
    'drained',
    'stopped',
  ]);
  const timesOf = (message: string, field: 'at' | 'time'): readonly number[] =>
    adapter.stdout
      .map((line) => JSON.parse(line) as { msg: string; at?: string; time?: string })
      .filter(({ msg }) => msg === message)
      .map((line) => Date.parse(line[field] ?? ''));
  const [begun = Number.NaN] = timesOf('draining', 'time');
  // A busy machine ends them later, and two of them together.
  timesOf('device disconnected', 'at').forEach((at, before) => {
    expect(at - begun, 'none before its time').toBeGreaterThanOrEqual((before + 1) * 250 - clockToleranceMs);
  });
});

test('a stop that can neither deliver nor journal logs what is lost and ends with status 3', async () => {
  const adapter = startApp('mqtt-adapter', [], {
    ...environment,
    ROLLCALL_REGISTRY_FILE: 'apps/rollcall/demo/registry.yaml',
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'events',
    ROLLCALL_JOURNAL_KIND: 'memory',
    ROLLCALL_ADAPTER_SHUTDOWNGRACE: '500',
  });
  await devicesAt(adapter, 3);
  expect(await adapter.end('SIGTERM')).toBe(3);
  expect(
    adapter.stdout
      .filter((line) => line.includes('events are lost'))
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([{ level: 'error', sink: 'events', events: 6, disconnected: 3 }]);
});

test('a full journal keeps what it has; a stop logs what is lost beside it and ends with status 3', async () => {
  const full = {
    ...environment,
    ROLLCALL_REGISTRY_FILE: 'apps/rollcall/demo/registry.yaml',
    ROLLCALL_ADAPTER_ID: 'mqtt-0',
    ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'events',
    ROLLCALL_JOURNAL_DIRECTORY: join(directory, 'full'),
    ROLLCALL_JOURNAL_MAXBYTES: '1000000',
    ROLLCALL_ADAPTER_SHUTDOWNGRACE: '500',
  };
  const factsIn = ({ stdout }: TestProcess, message: string) =>
    JSON.parse(stdout.find((line) => line.includes(message)) ?? '{}') as {
      readonly events: number;
      readonly disconnected: number;
    };
  const unconfirmed = 'stopping with events that were not confirmed';

  const adapter = startApp('mqtt-adapter', [], full);
  let connections = 0;
  while (
    connections < 2_000 &&
    !messagesOf(adapter).some((message) => message.startsWith('journal cannot be written'))
  ) {
    // With as much to keep of each as there may be.
    await (await deviceAt(adapter, 'u'.repeat(256))).endAsync();
    connections += 1;
  }
  await devicesAt(adapter, 5);
  expect(await adapter.end('SIGTERM')).toBe(3);
  expect(factsIn(adapter, unconfirmed).events).toBe(2 * (connections + 5));

  const next = startApp('mqtt-adapter', [], full);
  await next.line((line) => line.includes('"ready"'), 'that it is ready');
  // It finds the file as full as it was left: where it has to tell of lost sessions, that is lost once more.
  expect([0, 3]).toContain(await next.end('SIGTERM'));
  const lost = factsIn(adapter, 'events are lost');
  const told = 2 * (connections + 5);
  const found = lost.events + factsIn(next, unconfirmed).events;
  // Of a connection whose end alone is lost, the next run tells that it ended.
  expect(found).toBeGreaterThanOrEqual(told);
  expect(found).toBeLessThanOrEqual(told + lost.disconnected);
});

test('an adapter whose journal is in use, or cannot be read, logs one line and ends with status 1', async () => {
  const journal = {
    ...environment,
    ROLLCALL_REGISTRY_FILE: 'apps/rollcall/demo/registry.yaml',
    ROLLCALL_ADAPTER_ID: 'mqtt-0',
    ROLLCALL_JOURNAL_DIRECTORY: join(directory, 'journal'),
  };
  const first = startApp('mqtt-adapter', [], journal);
  await first.line((line) => line.includes('"ready"'), 'that it is ready');
  const second = startApp('mqtt-adapter', [], journal);
  expect(await second.exited()).toBe(1);
  const file = join(directory, 'journal', 'mqtt-0.journal');
  expect(fatalLines(second)).toEqual([
    `journal ${file}: another process has it open: two adapters must not run with one adapter id`,
  ]);
  expect(await first.end('SIGTERM')).toBe(0);

  await writeFile(file, 'not a database, but long enough to be taken for one'.repeat(100));
  const third = startApp('mqtt-adapter', [], journal);
  expect(await third.exited()).toBe(1);
  expect(fatalLines(third)).toEqual([`journal ${file}: file is not a database`]);
});

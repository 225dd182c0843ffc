import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startApp } from '../../e2e/support/processes.ts';
import { startInFleet, type AdapterInFleet } from './adapter-in-fleet.ts';
import { folderWithPump } from './folder-with-pump.ts';

// One MQTT adapter that is two processes behind one port, without a server: their parent holds the directory.

const devices = 40;
const patience = { timeout: 240_000, interval: 50 };

let folder = '';
let adapter: AdapterInFleet;
const clients: MqttClient[] = [];

beforeEach(async () => {
  folder = await folderWithPump();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await adapter.process.end('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

async function start(processes: string, env: Readonly<Record<string, string>> = {}): Promise<AdapterInFleet> {
  return startInFleet({
    id: 'gate',
    registry: join(folder, 'registry.yaml'),
    journal: join(folder, 'journals'),
    env: { ROLLCALL_ADAPTER_PROCESSES: processes, ...env },
  });
}

async function connect(clientId: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync({
    host: '127.0.0.1',
    port: adapter.port,
    clientId,
    username: 'pump@acme',
    password: 'hush',
    reconnectPeriod: 0,
    protocolVersion: 5,
  });
  clients.push(client);
  return client;
}

/** Resolves once all are told, too. */
async function connectAll(): Promise<readonly MqttClient[]> {
  const before = begun().length;
  const all = await Promise.all(Array.from({ length: devices }, (_, index) => connect(`pump-${index}`)));
  await expect.poll(() => begun().length, patience).toBe(before + devices);
  return all;
}
const isOpen = (each: readonly MqttClient[]): number => each.filter(({ connected }) => connected).length;

/** Connections that began, each once: after a kill, what the journal did not know as told is told again. */
function begun(): readonly Record<string, unknown>[] {
  return [...new Map(lines('device connected').map((line) => [line['eventId'], line])).values()];
}

/** Lines of the log that say this, as they came. */
function lines(text: string): readonly Record<string, unknown>[] {
  return adapter.process.stdout
    .filter((line) => line.includes(`"msg":"${text}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The pid of the latest process of this number. */
const pidOf = (number: number): number =>
  Number(lines('process is ready').findLast((line) => line['process'] === number)?.['pid']);

/** How many connections of those that were told each process has begun. */
const begunBy = (number: number): number => begun().filter((line) => line['process'] === number).length;

/** Sockets of this machine that listen on a port of IPv4. */
async function listeningSockets(port: number): Promise<number> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
  return rows.filter(([, from, , state]) => (from ?? '').endsWith(local) && state === '0A').length;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

// Who accepts: each process, and the kernel spreads connections, or their parent.
const accepting = [
  ['the kernel', 'true'],
  ['their parent', 'false'],
] as const;

test.each(accepting)('%s shares devices that come slowly among the processes', async (who, reusePort) => {
  adapter = await start('2', { ROLLCALL_ADAPTER_REUSEPORT: reusePort });
  expect(await listeningSockets(adapter.port)).toBe(who === 'the kernel' ? 2 : 1);
  const count = 100;
  for (let index = 0; index < count; index++) await connect(`pump-${index}`);
  await expect.poll(() => begun().length, patience).toBe(count);
  // By chance, 20 or fewer of 100: once in some 10^9 times.
  for (const number of [0, 1]) expect(begunBy(number)).toBeGreaterThan(20);
});

test.each(accepting)('%s gives no device to a process that was killed', async (_who, reusePort) => {
  adapter = await start('2', { ROLLCALL_ADAPTER_REUSEPORT: reusePort });
  await connectAll();
  process.kill(pidOf(0), 'SIGKILL');
  await expect.poll(() => isAlive(pidOf(0)), patience).toBe(false);
  await expect.poll(() => adapter.readiness('protocol-adapter'), patience).toBe('PROCESS_RESTARTING');
  const before = begunBy(1);
  for (let index = 0; index < 10; index++) await connect(`later-${index}`);
  await expect.poll(() => adapter.readiness('protocol-adapter'), patience).toBe('UP');
  await expect.poll(() => begunBy(1), patience).toBe(before + 10);
  await connectAll();
});

test('a process that is stopped is killed, and its devices come to another one', async () => {
  adapter = await start('2', { ROLLCALL_DIRECTORY_DEADAFTER: '3000' });
  const all = await connectAll();
  const stopped = pidOf(0);
  const its = begunBy(0);
  process.kill(stopped, 'SIGSTOP');
  await expect.poll(() => isAlive(stopped), patience).toBe(false);
  await expect.poll(() => lines('a process of the adapter stands still, and is killed').length).toBe(1);
  await expect.poll(() => adapter.ended('adapter-lost'), patience).toBe(its);
  await expect.poll(() => isOpen(all), patience).toBe(devices - its);
  await expect.poll(() => adapter.readiness('protocol-adapter'), patience).toBe('UP');
  await connectAll();
  await expect.poll(() => adapter.ended('taken-over'), patience).toBe(devices - its);
  expect(adapter.ended('adapter-lost')).toBe(its);
});

test.each(['1', '2'])(
  'a second adapter, of processes: %s, cannot have the port that processes share, and they go on',
  async (processes) => {
    adapter = await start('2');
    const second = startApp('mqtt-adapter', [], {
      ROLLCALL_ADAPTER_ID: 'mistake',
      ROLLCALL_ADAPTER_PROCESSES: processes,
      ROLLCALL_REGISTRY_FILE: join(folder, 'registry.yaml'),
      ROLLCALL_JOURNAL_DIRECTORY: join(folder, 'others'),
      ROLLCALL_MQTT_INSECUREPORTENABLED: 'true',
      ROLLCALL_MQTT_INSECUREPORT: String(adapter.port),
      ROLLCALL_HEALTH_PORT: '0',
    });
    expect(await second.exited()).toBe(1);
    await second.printedAll();
    const said = [...second.stdout, ...second.stderr].join('\n');
    expect(said).toContain(`:${adapter.port} cannot be bound: EADDRINUSE`);
    await connectAll();
  },
);

test('devices are shared among the processes, and one that comes again is taken over, wherever it was', async () => {
  adapter = await start('2');
  const first = await connectAll();
  const second = await connectAll();
  await expect.poll(() => isOpen(first), patience).toBe(0);
  await expect.poll(() => adapter.ended('taken-over'), patience).toBe(devices);
  expect(isOpen(second)).toBe(devices);
  const connected = begun();
  expect(new Set(connected.map((line) => line['process']))).toEqual(new Set([0, 1]));
  expect(await adapter.readiness('fleet')).toBe('UP');
});

test('a process that is killed starts again, and tells once that its devices are lost; the others stay', async () => {
  adapter = await start('2');
  const all = await connectAll();
  const dead = pidOf(0);
  const its = begunBy(0);
  process.kill(dead, 'SIGKILL');
  await expect.poll(() => adapter.ended('adapter-lost'), patience).toBe(its);
  await expect.poll(() => isOpen(all), patience).toBe(devices - its);
  await expect.poll(() => adapter.readiness('protocol-adapter'), patience).toBe('UP');
  expect(pidOf(0)).not.toBe(dead);
  await connectAll();
  await expect.poll(() => adapter.ended('taken-over'), patience).toBe(devices - its);
  expect(adapter.ended('adapter-lost')).toBe(its);
});

test('the limit of a tenant holds for all processes together', async () => {
  const limit = 6;
  const registry = join(folder, 'registry.yaml');
  const text = await readFile(registry, 'utf8');
  await writeFile(
    registry,
    text.replace('tenant-id: acme', `tenant-id: acme, resource-limits: {max-connections: ${limit}}`),
  );
  // In turn: so both processes have some, and each is asked for more.
  adapter = await start('2', { ROLLCALL_ADAPTER_REUSEPORT: 'false' });
  const all: MqttClient[] = [];
  for (let index = 0; index < limit; index++) all.push(await connect(`pump-${index}`));
  await expect.poll(() => new Set(begun().map((line) => line['process'])), patience).toEqual(new Set([0, 1]));
  /** Of four that come one after the other. */
  const refused = async (): Promise<number> => {
    let count = 0;
    for (let index = 0; index < 4; index++)
      await connect(`more-${index}`).then(
        (client) => client.endAsync(),
        () => (count += 1),
      );
    return count;
  };
  await expect.poll(refused, patience).toBe(4);
  expect(isOpen(all)).toBe(limit);
  await all[0]?.endAsync();
  await expect.poll(refused, patience).toBe(0);
});

test('with fewer processes than before, what the others left is told', async () => {
  adapter = await start('2');
  await connectAll();
  const pids = [pidOf(0), pidOf(1)];
  await adapter.process.end('SIGKILL');
  await expect.poll(() => pids.filter((pid) => isAlive(pid)), patience).toEqual([]);
  const told = adapter.events().filter(({ event }) => event === 'disconnected').length;
  adapter = await start('1');
  await expect.poll(() => lines('what a former process left is told').length, patience).toBe(2);
  expect(told + adapter.events().filter(({ event }) => event === 'disconnected').length).toBe(devices);
  await expect
    .poll(() => readFile(join(folder, 'journals', 'gate.processes'), 'utf8').catch(() => 'gone'), patience)
    .toBe('gone');
});

test.each([
  ['1', '2'],
  ['2', '1'],
])(
  'with processes: %s, then %s, a lease that was left goes on until it is over, and ends once',
  async (before, after) => {
    const startLeases = async (processes: string): Promise<AdapterInFleet> =>
      startInFleet({
        id: 'gate',
        app: 'http-adapter',
        registry: join(folder, 'registry.yaml'),
        journal: join(folder, 'journals'),
        env: { ROLLCALL_ADAPTER_PROCESSES: processes, ROLLCALL_LEASE_INTERVAL: '4000' },
      });
    adapter = await startLeases(before);
    const authorization = `Basic ${Buffer.from('pump@acme:hush').toString('base64')}`;
    await fetch(`http://127.0.0.1:${adapter.port}/telemetry`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'text/plain', connection: 'close' },
      body: 'x',
    });
    await expect.poll(() => begun().length, patience).toBe(1);
    const [connected] = adapter.events();
    const pids = lines('process is ready').map(({ pid }) => Number(pid));
    await adapter.process.end('SIGKILL');
    await expect.poll(() => pids.filter((pid) => isAlive(pid)), patience).toEqual([]);
    adapter = await startLeases(after);
    await expect
      .poll(() => lines('what a former process left is told').length, patience)
      .toBe(Number(before));
    expect(adapter.events().filter(({ event }) => event === 'disconnected')).toMatchObject([
      { reason: 'inactive', connectionId: connected?.connectionId },
    ]);
  },
);

test('a stop ends all devices in good order', async () => {
  adapter = await start('2');
  const all = await connectAll();
  await adapter.process.end('SIGTERM');
  await expect.poll(() => isOpen(all), patience).toBe(0);
  expect(adapter.ended('adapter-shutdown')).toBe(devices);
  expect(adapter.process.child.exitCode).toBe(0);
});

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startInFleet, type AdapterInFleet } from './adapter-in-fleet.ts';
import { folderWithPump } from './folder-with-pump.ts';

// One MQTT adapter that is two processes behind one port, without a server: their parent holds the directory.

const devices = 40;
const patience = { timeout: 60_000, interval: 50 };

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

async function start(processes: string): Promise<AdapterInFleet> {
  return startInFleet({
    id: 'gate',
    registry: join(folder, 'registry.yaml'),
    journal: join(folder, 'journals'),
    env: { ROLLCALL_ADAPTER_PROCESSES: processes },
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
  const before = lines('device connected').length;
  const all = await Promise.all(Array.from({ length: devices }, (_, index) => connect(`pump-${index}`)));
  await expect.poll(() => lines('device connected').length, patience).toBe(before + devices);
  return all;
}
const isOpen = (each: readonly MqttClient[]): number => each.filter(({ connected }) => connected).length;

/** Lines of the log that say this, as they came. */
function lines(text: string): readonly Record<string, unknown>[] {
  return adapter.process.stdout
    .filter((line) => line.includes(`"msg":"${text}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The pid of the latest process of this number. */
const pidOf = (number: number): number =>
  Number(lines('process is ready').findLast((line) => line['process'] === number)?.['pid']);

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('devices are shared among the processes, and one that comes again is taken over, wherever it was', async () => {
  adapter = await start('2');
  const first = await connectAll();
  const second = await connectAll();
  await expect.poll(() => isOpen(first), patience).toBe(0);
  await expect.poll(() => adapter.ended('taken-over'), patience).toBe(devices);
  expect(isOpen(second)).toBe(devices);
  const connected = lines('device connected');
  expect(new Set(connected.map((line) => line['process']))).toEqual(new Set([0, 1]));
  expect(await adapter.readiness('fleet')).toBe('UP');
});

test('a process that is killed starts again, and tells once that its devices are lost; the others stay', async () => {
  adapter = await start('2');
  const all = await connectAll();
  const dead = pidOf(0);
  const its = lines('device connected').filter((line) => line['process'] === 0).length;
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
  adapter = await start('2');
  const all: MqttClient[] = [];
  for (let index = 0; index < limit; index++) all.push(await connect(`pump-${index}`));
  await expect
    .poll(() => new Set(lines('device connected').map((line) => line['process'])), patience)
    .toEqual(new Set([0, 1]));
  /** Of four that come one after the other, and so to both processes. */
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

test('a stop ends all devices in good order', async () => {
  adapter = await start('2');
  const all = await connectAll();
  await adapter.process.end('SIGTERM');
  await expect.poll(() => isOpen(all), patience).toBe(0);
  expect(adapter.ended('adapter-shutdown')).toBe(devices);
  expect(adapter.process.child.exitCode).toBe(0);
});

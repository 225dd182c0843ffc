import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import type { FleetOverview } from '@rollcall/core/directory';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startApp } from '../../e2e/support/processes.ts';
import { startInFleet, type AdapterInFleet } from './adapter-in-fleet.ts';
import { folderWithPump } from './folder-with-pump.ts';
import { startRedisServer, type RedisInTest } from './redis-server.ts';

const patience = { timeout: 240_000, interval: 200 };

/** Runs `rollcall fleet` to its end. */
async function rollcallFleet(args: readonly string[], directory: string) {
  const command = startApp('rollcall', ['fleet', ...args], { ROLLCALL_DIRECTORY_URL: directory });
  await command.printedAll();
  return { status: command.child.exitCode, stdout: command.stdout, stderr: command.stderr };
}

describe.skipIf(!hasDebianPackage('redis-server'))('rollcall fleet', () => {
  let folder = '';
  let redis: RedisInTest;
  let adapter: AdapterInFleet;

  beforeEach(async () => {
    folder = await folderWithPump();
    redis = await startRedisServer();
    adapter = await startInFleet({
      id: 'mqtt-0',
      registry: join(folder, 'registry.yaml'),
      journal: join(folder, 'j'),
      directory: redis.url,
    });
  });
  afterEach(async () => {
    await adapter.process.end('SIGKILL');
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('shows what the engine knows of an adapter, and says in one line that the engine is not there', async () => {
    const client = await mqtt.connectAsync({
      host: '127.0.0.1',
      port: adapter.port,
      username: 'pump@acme',
      password: 'hush',
      reconnectPeriod: 0,
    });
    const look = async (): Promise<FleetOverview> => {
      const { stdout } = await rollcallFleet(['--json'], redis.url);
      return JSON.parse(stdout.join('')) as FleetOverview;
    };
    await expect
      .poll(look, patience)
      .toMatchObject({ instances: [{ identity: { id: 'mqtt-0' }, state: 'living', connections: 1 }] });
    const { stdout, status } = await rollcallFleet([], redis.url);
    expect(status).toBe(0);
    expect(stdout.slice(0, 4)).toEqual([
      expect.stringMatching(/^(?:Redis|Valkey) \d+\.\S+, standalone: answers in \d+ ms, holds \d/),
      '1 instance with 1 open connection',
      '',
      expect.stringMatching(/^ADAPTER +TYPE /),
    ]);
    client.end(true);
    await redis.stop();
    const away = await rollcallFleet([], redis.url);
    expect(away).toMatchObject({ status: 1, stdout: [] });
    expect(away.stderr).toEqual([
      expect.stringMatching(/^the connection directory did not answer: connect ECONNREFUSED/),
    ]);
  });
});

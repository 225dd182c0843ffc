import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUp, type RunningUp } from '../e2e/support/up.ts';
import { debianPython, hasPackage } from './support.ts';

// A device that is not ours: Qpid Proton's Python client, against the AMQP adapter.

const script = fileURLToPath(new URL('amqp_device.py', import.meta.url));

describe.runIf(hasPackage('python3-qpid-proton'))('a device on Qpid Proton', () => {
  let up: RunningUp;

  beforeAll(async () => {
    up = await startUp();
  });
  afterAll(() => up.cleanUp());

  function device(username: string, password: string, ...addresses: readonly string[]): readonly string[] {
    const url = `amqp://127.0.0.1:${5_672 + up.offset}`;
    const { stdout } = spawnSync(debianPython, [script, url, username, password, ...addresses], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    return stdout.trim().split('\n');
  }

  test('is connected, uploads, hears what became of it, and leaves', async () => {
    const outcomes = device('sensor1@DEFAULT_TENANT', 'hono-secret', 'event', 'telemetry', 'nowhere', 'e');
    expect(outcomes).toEqual(['accepted', 'released', 'rejected', 'accepted']);
    const [connected, ended] = await up.untilEvents(2);
    expect(connected).toMatchObject({
      device: '4711',
      cause: 'connected',
      data: { protocol: 'AMQP 1.0', 'adapter-id': 'amqp-0', basis: { kind: 'session' } },
    });
    expect(ended).toMatchObject({ cause: 'disconnected', data: { reason: 'client-closed', clean: true } });
  });

  test('acts as a gateway', async () => {
    expect(device('gw@DEFAULT_TENANT', 'gw-secret', 'event//4712', 'event//nobody')).toEqual([
      'accepted',
      'rejected',
    ]);
    await up.untilEvents(4);
  });

  test('is refused with a wrong password, without an event', async () => {
    expect(device('sensor1@DEFAULT_TENANT', 'guess', 'event')).toEqual(['refused']);
    expect(device('sensor1@DEFAULT_TENANT', 'hono-secret', 'event')).toEqual(['accepted']);
    expect((await up.untilEvents(6)).slice(4).map(({ cause }) => cause)).toEqual([
      'connected',
      'disconnected',
    ]);
  });
});

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startUp, type EventLine, type RunningUp } from '../e2e/support/up.ts';
import { hasPackage } from './support.ts';

// mosquitto's clients against everything that `npm start` starts, with MQTT 3.1.1 and 5.0.

const sensor = ['-u', 'sensor1@DEFAULT_TENANT', '-P', 'hono-secret'];
const reasons = (events: readonly EventLine[]): string[] =>
  events.map(({ cause, data }) => (typeof data['reason'] === 'string' ? data['reason'] : cause));

describe.runIf(hasPackage('mosquitto-clients')).each(['mqttv311', 'mqttv5'])('mosquitto, %s', (version) => {
  let up: RunningUp;
  let seen = 0;

  beforeAll(async () => {
    up = await startUp();
    seen = 0;
  });
  afterAll(() => up.cleanUp());

  const common = (): string[] => ['-h', '127.0.0.1', '-p', String(up.mqttPort), '-V', version];

  async function next(count: number): Promise<readonly EventLine[]> {
    const all = await up.untilEvents(seen + count);
    const fresh = all.slice(seen);
    seen = all.length;
    return fresh;
  }

  function publish(...args: string[]): { readonly status: number | null; readonly stderr: string } {
    const { status, stderr } = spawnSync('mosquitto_pub', [...common(), ...args], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    return { status, stderr };
  }

  /** A device that stays: it waits for commands. */
  function stay(...args: string[]): ChildProcess {
    const device = spawn('mosquitto_sub', [...common(), ...sensor, '-t', 'command///req/#', ...args], {
      stdio: 'ignore',
    });
    onTestFinished(() => void device.kill('SIGKILL'));
    return device;
  }

  test('uploads an event and leaves', async () => {
    expect(publish(...sensor, '-i', 'unit-1', '-t', 'event', '-q', '1', '-m', '{"temp": 21.5}')).toEqual({
      status: 0,
      stderr: '',
    });
    const events = await next(2);
    expect(reasons(events)).toEqual(['connected', 'client-closed']);
    expect(events[0]).toMatchObject({ device: '4711', 'remote-id': 'unit-1' });
    expect(events[0]?.data['protocol']).toBe(version === 'mqttv5' ? 'MQTT 5.0' : 'MQTT 3.1.1');
  });

  test('is reported as connection-lost when it is killed', async () => {
    const device = stay('-i', 'unit-2');
    await next(1);
    device.kill('SIGKILL');
    expect(reasons(await next(1))).toEqual(['connection-lost']);
  });

  test('is reported as keepalive-timeout when it is stopped and falls silent', async () => {
    const device = stay('-i', 'unit-3', '-k', '5');
    const [connected] = await next(1);
    expect(connected?.data['basis']).toEqual({ kind: 'session', 'detect-within-ms': 7_500 });
    device.kill('SIGSTOP');
    const [ended] = await next(1);
    expect(reasons(ended ? [ended] : [])).toEqual(['keepalive-timeout']);
    expect(ended?.data['uncertainty-ms']).toBeGreaterThanOrEqual(7_500);
    device.kill('SIGKILL');
  });

  test('has its session taken over by a second client with the same id, whose session begins after that', async () => {
    const first = stay('-i', 'unit-4');
    await next(1);
    const second = stay('-i', 'unit-4');
    expect(reasons(await next(2))).toEqual(['taken-over', 'connected']);
    // mosquitto_sub comes back by itself, and so on in turns: both are ended at once.
    first.kill('SIGKILL');
    second.kill('SIGKILL');
    for (const child of [first, second])
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    const events = (): readonly EventLine[] => up.events().filter((event) => event['remote-id'] === 'unit-4');
    await expect
      .poll(() => events().length % 2 === 0 && events().at(-1)?.cause, { timeout: 240_000 })
      .toBe('disconnected');
    seen = up.events().length;
  });

  test('has no events when its login is refused', async () => {
    const refused = publish(
      '-u',
      'sensor1@DEFAULT_TENANT',
      '-P',
      'wrong',
      '-t',
      'event',
      '-q',
      '1',
      '-m',
      'x',
    );
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toMatch(/not authorised|Bad user name or password/i);
    expect(publish(...sensor, '-t', 'event', '-q', '1', '-m', 'x').status).toBe(0);
    expect(reasons(await next(2))).toEqual(['connected', 'client-closed']);
  });

  test('publishes as a gateway for its device, and not for another', async () => {
    const gateway = ['-u', 'gw@DEFAULT_TENANT', '-P', 'gw-secret', '-q', '1', '-m', 'x'];
    expect(publish(...gateway, '-t', 'event//4712').status).toBe(0);
    expect(reasons(await next(2))).toEqual(['connected', 'client-closed']);
    publish(...gateway, '-t', 'event//4711');
    // MQTT 5.0 has a PUBACK that refuses; without one, the connection has to go.
    const ended = version === 'mqttv5' ? 'client-closed' : 'upload-refused';
    expect(reasons(await next(2))).toEqual(['connected', ended]);
  });

  test('is reported as adapter-shutdown when the adapter stops', async () => {
    const device = stay('-i', 'unit-5');
    await next(1);
    expect(await up.process.end('SIGINT')).toBe(0);
    expect(reasons(up.events().slice(seen))).toEqual(['adapter-shutdown']);
    device.kill('SIGKILL');
  });
});

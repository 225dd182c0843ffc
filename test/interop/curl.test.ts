import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUp, type EventLine, type RunningUp } from '../e2e/support/up.ts';
import { hasPackage } from './support.ts';

// curl as an HTTP device, against everything that `npm start` starts, with leases on the real clock.

const emptyNotification = ['-H', 'content-type: application/vnd.eclipse-hono-empty-notification'];
const json = ['-H', 'content-type: application/json', '--data', '{"temp": 21.5}'];

describe.runIf(hasPackage('curl'))('curl', () => {
  let up: RunningUp;
  let seen = 0;

  beforeAll(async () => {
    up = await startUp();
  });
  afterAll(() => up.cleanUp());

  /** Sends a request; the result is status and body. */
  function curl(path: string, ...args: readonly string[]): string {
    const url = `http://127.0.0.1:${up.httpPort}${path}`;
    const { stdout } = spawnSync('curl', ['-s', '-m', '20', '-w', ' %{http_code}', ...args, url], {
      encoding: 'utf8',
    });
    return stdout.trim();
  }

  async function next(count: number): Promise<readonly EventLine[]> {
    const all = await up.untilEvents(seen + count);
    const fresh = all.slice(seen);
    seen = all.length;
    return fresh;
  }

  test('is connected with one request, and inactive when the declared interval of silence is over', async () => {
    expect(curl('/event', '-u', 'sensor2@DEFAULT_TENANT:hono-secret', ...json)).toBe('202');
    const [granted, ended] = await next(2);
    expect(granted).toMatchObject({
      cause: 'connected',
      device: '4713',
      'remote-id': 'sensor2',
      data: { protocol: 'HTTP/1.1', basis: { kind: 'lease', 'interval-ms': 10_000, from: 'declared' } },
    });
    expect(ended).toMatchObject({
      data: {
        reason: 'inactive',
        initiator: 'adapter',
        clean: false,
        'connection-id': granted?.data['connection-id'],
      },
    });
    expect(ended?.data['uncertainty-ms']).toBeGreaterThanOrEqual(10_000);
  });

  test('leaves as client-closed with a goodbye', async () => {
    const sensor = ['-u', 'sensor1@DEFAULT_TENANT:hono-secret'];
    expect(curl('/event', ...sensor, ...json)).toBe('202');
    expect(curl('/event', ...sensor, ...emptyNotification, '-H', 'hono-ttd: 0', '-X', 'POST')).toBe('202');
    expect((await next(2)).map(({ data }) => data['reason'])).toEqual([undefined, 'client-closed']);
  });

  test('gets errors that it understands', async () => {
    expect(curl('/event', ...json)).toBe('{"error":"credentials are missing"} 401');
    expect(curl('/event', '-u', 'sensor1@DEFAULT_TENANT:guess', ...json)).toBe(
      '{"error":"bad credentials"} 401',
    );
    const gateway = ['-u', 'gw@DEFAULT_TENANT:gw-secret', '-X', 'PUT'];
    expect(curl('/event//4712', ...gateway, ...json)).toBe('202');
    expect(curl('/telemetry//4712', ...gateway, ...json)).toBe('{"error":"no consumer available"} 503');
    expect(curl('/event//4711', ...gateway, ...json)).toMatch(/ 403$/);
    expect(curl('/event', '-u', 'gw@DEFAULT_TENANT:gw-secret', '--data', 'x'.repeat(3_000))).toMatch(/ 413$/);
    expect((await next(1)).map(({ device }) => device)).toEqual(['gw-1']);
  });

  test('uploads with chunked encoding, and over HTTP/1.0', async () => {
    const gateway = ['-u', 'gw@DEFAULT_TENANT:gw-secret'];
    expect(curl('/event', ...gateway, ...json, '-H', 'transfer-encoding: chunked')).toBe('202');
    expect(curl('/event', ...gateway, ...json, '--http1.0')).toBe('202');
  });
});

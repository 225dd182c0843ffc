import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { freeBlockedPort, recordingLog } from '@rollcall/conformance';
import { TransportError } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { afterEach, expect, test } from 'vitest';
import type { HealthCheck } from './health-json.ts';
import { startHealthServer } from './health-server.ts';

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const nobody = { log: silentLog, failed: () => {}, turnedAway: () => {} };

async function givenAServer(
  checks: readonly HealthCheck[],
  readiness = () => checks,
  turnedAway: (remoteIp: string) => void = () => {},
) {
  const failures: unknown[] = [];
  const server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    turnedAway,
    failed: (where, error) => failures.push([where, error]),
    started: () => [{ name: 'protocol-adapter', status: 'UP' }],
    readiness,
    metrics: async () => ({ contentType: 'text/plain', text: 'rollcall_up 1\n' }),
  });
  return { failures, server, get: (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`) };
}

test.each([
  [['UP', 'UP'], 200, 'UP'],
  [['UP', 'DEGRADED'], 200, 'DEGRADED'],
  [['DEGRADED', 'DOWN', 'UP'], 503, 'DOWN'],
] as const)('checks that are %j answer %i %s', async (statuses, code, overall) => {
  const checks = statuses.map((status, index) => ({ name: `check-${index}`, status }));
  const { server, get } = await givenAServer(checks);
  const response = await get('/readiness');
  expect(response.status).toBe(code);
  expect(await response.json()).toEqual({ status: overall, checks });
  await server.close();
});

test('probes, metrics under both names, and nothing else', async () => {
  const { server, get } = await givenAServer([]);
  for (const path of ['/started', '/readiness', '/liveness']) expect((await get(path)).status).toBe(200);
  for (const path of ['/metrics', '/prometheus'])
    expect(await (await get(path)).text()).toBe('rollcall_up 1\n');
  expect((await get('/')).status).toBe(404);
  await server.close();
});

test('a port that browsers refuse is told to the operator', async () => {
  const log = recordingLog();
  const port = await freeBlockedPort();
  const answers = {
    started: () => [],
    readiness: () => [],
    metrics: async () => ({ contentType: '', text: '' }),
  };
  const server = await startHealthServer({ ...nobody, ...answers, host: '127.0.0.1', port, log });
  await server.close();
  expect(log.lines.map(({ level, facts }) => [level, facts])).toEqual([
    ['warn', { service: 'health', port }],
  ]);
});

test('a check that throws costs one connection, and others are answered', async () => {
  const { server, get, failures } = await givenAServer([], () => {
    throw new Error('cursed');
  });
  await expect(get('/readiness')).rejects.toThrow('fetch failed');
  expect(failures).toEqual([['health', new Error('cursed')]]);
  expect((await get('/liveness')).status).toBe(200);
  await server.close();
});

test('a taken port is named', async () => {
  const { server } = await givenAServer([]);
  const second = startHealthServer({
    host: '127.0.0.1',
    port: server.port,
    ...nobody,
    started: () => [],
    readiness: () => [],
    metrics: async () => ({ contentType: '', text: '' }),
  });
  await expect(second).rejects.toThrow(
    new TransportError(`health port 127.0.0.1:${server.port} cannot be bound: EADDRINUSE`, {
      startCode: 'PORT_NOT_BOUND',
    }),
  );
  await server.close();
});

test('is there for probes while hundreds of silent connections are held', async () => {
  const turnedAway: string[] = [];
  const { server, get } = await givenAServer(
    [],
    () => [],
    (remoteIp) => turnedAway.push(remoteIp),
  );
  for (let i = 0; i < 300; i++) {
    const socket = connect({ port: server.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    sockets.push(socket.on('error', () => {}));
    await once(socket, 'connect');
    // Half of a request is as good as silence.
    if (i % 2 === 0) socket.write('GET /metrics HTTP/1.1\r\nx: ');
  }
  for (const path of ['/liveness', '/readiness', '/metrics']) expect((await get(path)).status).toBe(200);
  expect(new Set(turnedAway)).toEqual(new Set(['127.0.0.2']));
  expect(turnedAway.length).toBeGreaterThanOrEqual(200);
  await server.close();
});

test('metrics are made once for many who ask at the same time', async () => {
  const made: number[] = [];
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    ...nobody,
    started: () => [],
    readiness: () => [],
    async metrics() {
      made.push(1);
      await held;
      return { contentType: 'text/plain', text: 'up 1\n' };
    },
  });
  const socket = connect(server.port, '127.0.0.1');
  sockets.push(socket);
  socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(16));
  while (made.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  release();
  let answers = '';
  for await (const chunk of socket) {
    answers += String(chunk);
    if (answers.split('up 1\n').length > 16) break;
  }
  expect(made).toHaveLength(1);
  await server.close();
});

test('a thousand requests in one packet are cut off after a few', async () => {
  let asked = 0;
  const { server, get } = await givenAServer([], () => {
    asked += 1;
    return [];
  });
  const socket = connect(server.port, '127.0.0.1');
  sockets.push(socket.on('error', () => {}));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume().write('GET /readiness HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(1_000));
  await closed;
  expect(asked).toBe(2);
  expect((await get('/readiness')).status).toBe(200);
  await server.close();
});

import { TransportError } from '@rollcall/core';
import { expect, test } from 'vitest';
import { startHealthServer, type HealthCheck } from './health-server.ts';

async function givenAServer(checks: readonly HealthCheck[], readiness = () => checks) {
  const failures: unknown[] = [];
  const server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
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
    failed() {},
    started: () => [],
    readiness: () => [],
    metrics: async () => ({ contentType: '', text: '' }),
  });
  await expect(second).rejects.toThrow(
    new TransportError(`health port 127.0.0.1:${server.port} cannot be bound`),
  );
  await server.close();
});

import { silentLog } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { startEarlyHealth } from './early-health.ts';

test('health is answered while the adapter starts, and then with what it says', async () => {
  const early = await startEarlyHealth({ host: '127.0.0.1', port: 0, log: silentLog });
  const get = (path: string) => fetch(`http://127.0.0.1:${early.port}${path}`);
  for (const [path, status] of [
    ['/started', 503],
    ['/readiness', 503],
    ['/liveness', 200],
    ['/metrics', 200],
  ] as const)
    expect((await get(path)).status, path).toBe(status);
  early.become({
    failed: () => {},
    turnedAway: () => {},
    started: () => [{ name: 'protocol-adapter', status: 'UP' }],
    readiness: () => [{ name: 'protocol-adapter', status: 'UP' }],
    metrics: async () => ({ contentType: 'text/plain', text: 'rollcall_up 1\n' }),
  });
  expect(await (await get('/started')).json()).toMatchObject({ status: 'UP' });
  expect((await get('/readiness')).status).toBe(200);
  expect(await (await get('/metrics')).text()).toBe('rollcall_up 1\n');
  await early.close();
});

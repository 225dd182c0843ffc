import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startUp, type RunningUp } from './support/up.ts';

// The service of packages/client/README.md, word for word, in a folder of its own that has nothing but the package.

const client = fileURLToPath(new URL('../../packages/client', import.meta.url));
let folder = '';
let up: RunningUp;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-service-'));
  await mkdir(join(folder, 'node_modules/@rollcall'), { recursive: true });
  await symlink(client, join(folder, 'node_modules/@rollcall/client'));
  up = await startUp();
});
afterAll(async () => {
  await up.cleanUp();
  await rm(folder, { recursive: true, force: true });
});

test('the example service prints which devices came and which left', async () => {
  const readme = await readFile(join(client, 'README.md'), 'utf8');
  const [, code = ''] = /<!-- example -->\s*```js\n(.*?)```/s.exec(readme) ?? [];
  expect(code.split('\n').length, 'it is short').toBeLessThan(28);
  await writeFile(join(folder, 'service.mjs'), code);
  const service = spawn(process.execPath, ['service.mjs'], {
    cwd: folder,
    env: { ...process.env, EVENTS_URL: `amqp://127.0.0.1:${up.networkPort}` },
  });
  let printed = '';
  service.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  service.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  try {
    await expect.poll(() => printed, { timeout: 300_000 }).toContain('following\n');
    const device = await mqtt.connectAsync(`mqtt://127.0.0.1:${up.mqttPort}`, {
      username: 'sensor1@DEFAULT_TENANT',
      password: 'hono-secret',
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
    await expect
      .poll(() => printed, { timeout: 300_000 })
      .toContain('4711 is online over MQTT 5.0, by session\n');
    device.stream.destroy();
    device.end(true);
    await expect
      .poll(() => printed, { timeout: 300_000 })
      .toMatch(/4711 left: connection-lost, up to [\d.]+ s before\n/);
    const ended = new Promise((resolve) => {
      service.once('exit', resolve);
    });
    service.kill('SIGINT');
    expect(await ended).toBe(0);
  } finally {
    service.kill('SIGKILL');
  }
});

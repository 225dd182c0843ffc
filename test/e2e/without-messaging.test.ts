import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp } from './support/processes.ts';

// An adapter that was given no messaging network: connection events go to its log, and data of devices nowhere.

let directory = '';
let registry = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-without-messaging-'));
  registry = join(directory, 'registry.yaml');
  await writeFile(
    registry,
    'tenants: [{tenant-id: acme, devices: [{device-id: pump, credentials: [{type: hashed-password, auth-id: pump, secrets: [{pwd-plain: hush}]}]}]}]',
  );
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('an adapter without a messaging network logs events, refuses uploads with a reason, and says so in its readiness', async () => {
  const adapter = startApp('http-adapter', [], {
    ROLLCALL_REGISTRY_FILE: registry,
    ROLLCALL_HTTP_INSECUREPORTENABLED: 'true',
    ROLLCALL_HTTP_INSECUREPORT: '0',
    ROLLCALL_HEALTH_PORT: '0',
  });
  const { healthPort, listening } = JSON.parse(
    await adapter.line((line) => line.includes('"ready"'), 'that it is ready'),
  ) as { healthPort: number; listening: readonly { port: number }[] };

  const upload = () =>
    fetch(`http://127.0.0.1:${listening[0]?.port}/telemetry`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('pump@acme:hush').toString('base64')}`,
        'content-type': 'text/plain',
      },
      body: '21.5',
    });
  for (let tries = 0; tries < 2; tries += 1) {
    const answer = await upload();
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('no messaging network is configured');
  }
  await adapter.line((line) => line.includes('"device connected"'), 'the connection event');

  const readiness = await fetch(`http://127.0.0.1:${healthPort}/readiness`);
  expect(readiness.status).toBe(200);
  expect(JSON.stringify(await readiness.json())).toContain('no messaging network is configured');

  expect(await adapter.end('SIGTERM')).toBe(0);
  expect(adapter.stdout.filter((line) => line.includes('no messaging network is configured'))).toHaveLength(
    1,
  );
});

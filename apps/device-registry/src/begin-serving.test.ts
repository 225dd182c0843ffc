import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startScriptedPeer } from '@rollcall/amqp-connection/testing';
import { silentLog as log, systemClock as clock, systemRandom as random } from '@rollcall/core/environment';
import { ResourceStack } from '@rollcall/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { loadRegistryConfig } from './config.ts';
import { startService } from './service.ts';
import { AmqpClient } from './testing/amqp-client.ts';
import { memoryStore } from './testing/memory-store.ts';

const permissions = {
  roles: {
    adapter: [
      { resource: 'tenant', activities: ['READ', 'WRITE'] },
      { operation: 'tenant/*:*', activities: ['EXECUTE'] },
    ],
  },
  users: { adapter: { mechanism: 'PLAIN', password: 'secret', authorities: ['adapter'] } },
};

test('adapters get notifications and answers about content that the management API writes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'service-'));
  const peer = await startScriptedPeer();
  const { store } = memoryStore({ keepChanges: clock });
  const resources = new ResourceStack();
  onTestFinished(async () => {
    await peer.close();
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, 'permissions.json');
  writeFileSync(file, JSON.stringify(permissions));
  const config = loadRegistryConfig({
    ROLLCALL_REGISTRY_HTTP_PORT: '0',
    ROLLCALL_REGISTRY_HTTP_AUTHENTICATIONREQUIRED: 'false',
    ROLLCALL_REGISTRY_AMQP_INSECUREPORTENABLED: 'true',
    ROLLCALL_REGISTRY_AMQP_INSECUREPORT: '0',
    ROLLCALL_AUTH_SVC_PERMISSIONSPATH: file,
    ROLLCALL_HEALTH_PORT: '0',
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_MESSAGING_PORT: String(peer.port),
  });
  const service = await startService({ config, store, clock, random, log }, resources);

  const created = await fetch(`http://127.0.0.1:${service.port}/v1/tenants/acme`, { method: 'POST' });
  expect(created.status).toBe(201);
  const tenants = await new AmqpClient(service.amqp['amqp'] ?? 0).service('tenant');
  expect(await tenants.ask('get', { body: { 'tenant-id': 'acme' } })).toMatchObject({ status: 200 });
  const metrics = await (await fetch(`http://127.0.0.1:${service.healthPort}/metrics`)).text();
  expect(metrics).toMatch(/rollcall_registry_amqp_answers_total\{answer="tenant 200".*\} 1/);

  while (peer.received.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await resources.disposeAsync();
  expect(peer.received.map(({ address }) => address)).toEqual(['notification/registry-tenant']);
});

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordingLog, seededRandom } from '@rollcall/conformance';
import { systemClock } from '@rollcall/core/environment';
import { readOptions } from '@rollcall/options';
import type { OptionModule } from '@rollcall/options/module';
import { expect, onTestFinished, test } from 'vitest';
import { ScriptedNotifications } from '../testing/scripted-notifications.ts';
import { startScriptedServices } from '../testing/scripted-services.ts';
import { amqpRegistry } from './amqp-registry.ts';

test('the module opens a registry with its options, and gets notifications over the messaging network', async () => {
  const services = await startScriptedServices();
  onTestFinished(() => services.close());
  services.stored.putTenant('acme');
  const notifications = new ScriptedNotifications();
  const { values } = readOptions(amqpRegistry.options, {
    ROLLCALL_REGISTRY_HOST: '127.0.0.1',
    ROLLCALL_REGISTRY_PORT: String(services.port),
    HONO_TENANT_USERNAME: 'mqtt-adapter@HONO',
    HONO_TENANT_PASSWORD: 'mqtt-secret',
    // A machine that is busy has more time.
    ROLLCALL_REGISTRY_REQUESTTIMEOUT: '10000',
    ROLLCALL_REGISTRY_LINKESTABLISHMENTTIMEOUT: '10000',
  });
  const registry = await amqpRegistry.open(values, {
    clock: systemClock,
    random: seededRandom(1),
    log: recordingLog(),
    adapterType: 'hono-mqtt',
    tenantRules: [],
    followFiles() {},
    fileOf: () => undefined,
    openNotifications: () => notifications,
  });
  expect((await registry.getTenant('acme')).status).toBe('found');
  expect(services.logins, 'of the tenant service alone').toEqual([['mqtt-adapter@HONO', 'mqtt-secret']]);
  notifications.attach();
  expect(registry.services?.().hearsChanges).toBe(true);
  await registry.close();
  expect(notifications.isClosed).toBe(true);
});

test('an adapter that uses a file loads the options of the module, and no AMQP code', () => {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type)[^;]*? from '([^']+)'/gm);
    for (const [, specifier = ''] of imports)
      if (specifier.startsWith('.')) load(join(dirname(file), specifier));
      else loaded.add(specifier);
  };
  load(fileURLToPath(new URL('../index.ts', import.meta.url)));
  const packages = [...loaded].filter(
    (each) => each.startsWith('@') && !each.startsWith('@rollcall/options'),
  );
  expect([packages, loaded.has('@rollcall/options')]).toEqual([[], true]);
  expect(amqpRegistry satisfies Pick<OptionModule, 'name'>).toMatchObject({ name: 'amqp' });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { watchNotifications } from './support/notification-watch.ts';
import { setRegistryStage, type RegistryStage } from './support/registry-stage.ts';

let stage: RegistryStage;
beforeAll(async () => {
  stage = setRegistryStage();
  await stage.network.start();
  await stage.registry.start();
  await stage.manage('POST', 'tenants/acme');
});
afterAll(() => stage.strike());

test('a change that is made while the network is away is told, although the registry is killed', async () => {
  await expect.poll(() => stage.registryReadiness()).toMatchObject({ status: 'UP' });
  await stage.network.end('SIGKILL');
  await expect
    .poll(() => stage.registryReadiness())
    .toMatchObject({
      status: 'DEGRADED',
      checks: expect.arrayContaining([
        expect.objectContaining({ name: 'connection-to-messaging', code: 'CHANGES_NOT_SENT' }),
      ]),
    });
  await stage.manage('POST', 'devices/acme/d1', {});
  await stage.manage('PUT', 'devices/acme/d1', { enabled: false });
  await stage.registry.end('SIGKILL');
  await stage.registry.start();
  await stage.manage('POST', 'devices/acme/d2', {});
  await stage.network.start();
  const watch = await watchNotifications(stage.networkPort, 'notification/registry-device');
  const heard = () =>
    watch.heard.map((each) => [each['device-id'], each['change'], each['enabled']].join(' '));
  await expect.poll(heard).toEqual(['d1 CREATE true', 'd1 UPDATE false', 'd2 CREATE true']);
  await expect.poll(() => stage.registryReadiness()).toMatchObject({ status: 'UP' });
  // What was told is not told again.
  await stage.registry.end('SIGKILL');
  await stage.registry.start();
  await stage.manage('DELETE', 'devices/acme/d2');
  await expect.poll(() => heard().slice(3)).toEqual(['d2 DELETE false']);
  await watch.close();
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryOf } from './stack.mjs';
import { freePort, start, stop, untilUp } from './start.mjs';

const user = 'adapter';
const secret = 'adapter-secret';
const addresses = ['tenant', 'registration/*', 'credentials/*'];

/**
 * The registry service with the devices of a stack, on SQLite.
 * @param {'mqtt' | 'http' | 'amqp' | 'coap'} protocol @param {number} devices
 */
export async function startRegistryService(protocol, devices) {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
  const importFile = join(directory, 'registry.json');
  writeFileSync(importFile, JSON.stringify(registryOf(devices, protocol)));
  const permissions = join(directory, 'permissions.json');
  const rights = addresses.flatMap((resource) => [
    { resource, activities: ['READ', 'WRITE'] },
    { operation: `${resource === 'tenant' ? 'tenant/*' : resource}:*`, activities: ['EXECUTE'] },
  ]);
  writeFileSync(
    permissions,
    JSON.stringify({
      roles: { adapter: rights },
      users: { [user]: { mechanism: 'PLAIN', password: secret, authorities: ['adapter'] } },
    }),
  );
  const [port, apiPort, healthPort] = [await freePort(), await freePort(), await freePort()];
  const child = start('apps/device-registry/dist/main.js', [], {
    ROLLCALL_REGISTRY_DIRECTORY: join(directory, 'registry'),
    ROLLCALL_REGISTRY_IMPORTFILE: importFile,
    ROLLCALL_REGISTRY_HTTP_PORT: String(apiPort),
    ROLLCALL_REGISTRY_HTTP_AUTHENTICATIONREQUIRED: 'false',
    ROLLCALL_REGISTRY_AMQP_INSECUREPORTENABLED: 'true',
    ROLLCALL_REGISTRY_AMQP_INSECUREPORT: String(port),
    ROLLCALL_AUTH_SVC_PERMISSIONSPATH: permissions,
    ROLLCALL_HEALTH_PORT: String(healthPort),
    ROLLCALL_LOG_LEVEL: 'warn',
  });
  await untilUp(`http://127.0.0.1:${healthPort}/readiness`);
  return {
    child,
    /** What an adapter needs to ask it. */
    environment: {
      ROLLCALL_REGISTRY_KIND: 'amqp',
      ROLLCALL_REGISTRY_HOST: '127.0.0.1',
      ROLLCALL_REGISTRY_PORT: String(port),
      ROLLCALL_REGISTRY_USERNAME: user,
      ROLLCALL_REGISTRY_PASSWORD: secret,
      ROLLCALL_REGISTRY_REQUESTTIMEOUT: '5000',
    },
    async stop() {
      await stop(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

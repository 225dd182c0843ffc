import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mainOfRegistry } from '../adapters/adapter-table.ts';
import type { DemoPorts } from '../adapters/ports.ts';
import { packageFolder } from '../package-folder.ts';

const demoFile = (name: string): string => fileURLToPath(new URL(`demo/${name}`, packageFolder));

/** The user of `demo/permissions.json`. The services listen on loopback alone. */
const login = { username: 'adapter', password: 'adapter-secret' };
/** Hono's 200 ms are for a machine of its own. This one may be busy with other work. */
const questionTimeoutMs = '5000';

/**
 * The device registry of the demonstration: on loopback, open to everybody there, with its database in the data directory. Its devices
 * are at first those of `demo/registry.yaml`.
 */
export function demoRegistry(
  { network, registry }: DemoPorts,
  dataDir: string,
): {
  readonly name: string;
  readonly main: string;
  readonly environment: Readonly<Record<string, string>>;
} {
  return {
    name: 'device-registry',
    main: mainOfRegistry(),
    environment: {
      ROLLCALL_REGISTRY_DIRECTORY: join(dataDir, 'registry'),
      ROLLCALL_REGISTRY_IMPORTFILE: demoFile('registry.yaml'),
      ROLLCALL_REGISTRY_HTTP_PORT: String(registry.api),
      ROLLCALL_REGISTRY_HTTP_AUTHENTICATIONREQUIRED: 'false',
      ROLLCALL_REGISTRY_AMQP_INSECUREPORTENABLED: 'true',
      ROLLCALL_REGISTRY_AMQP_INSECUREPORT: String(registry.services),
      ROLLCALL_AUTH_SVC_PERMISSIONSPATH: demoFile('permissions.json'),
      ROLLCALL_HEALTH_PORT: String(registry.health),
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: String(network),
    },
  };
}

/** Where the adapters of the demonstration look devices up: in `file`, or in its device registry. */
export function lookUpIn(
  { registry }: DemoPorts,
  file: string | undefined,
): Readonly<Record<string, string>> {
  if (file !== undefined) return { ROLLCALL_REGISTRY_FILE: file };
  return {
    ROLLCALL_REGISTRY_KIND: 'amqp',
    ROLLCALL_REGISTRY_HOST: '127.0.0.1',
    ROLLCALL_REGISTRY_PORT: String(registry.services),
    ROLLCALL_REGISTRY_USERNAME: login.username,
    ROLLCALL_REGISTRY_PASSWORD: login.password,
    ROLLCALL_REGISTRY_REQUESTTIMEOUT: questionTimeoutMs,
  };
}

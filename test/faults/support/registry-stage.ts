import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../e2e/support/ports.ts';
import { restartable, type Restartable } from './restartable.ts';

interface Readiness {
  readonly status: string;
  readonly checks: readonly { readonly name: string }[];
}

/** The embedded network, the registry service, and an MQTT adapter that asks it, as processes. */
export interface RegistryStage {
  readonly network: Restartable;
  readonly registry: Restartable;
  readonly adapter: Restartable;
  /** Where devices connect. */
  readonly url: string;
  start(): Promise<void>;
  /** Asks the management API; throws where it refuses. */
  manage(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<void>;
  /** Resolves once the adapter says that nothing is missing. */
  isWhole(): Promise<void>;
  /** Of the messaging network. */
  readonly networkPort: number;
  /** What the adapter says of itself. */
  readiness(): Promise<Readiness>;
  /** The same of the registry. */
  registryReadiness(): Promise<Readiness>;
  /** Connection events of the adapter, in order. */
  events(): readonly { readonly type: string; readonly device: string; readonly reason?: string }[];
  strike(): Promise<void>;
}

const adapterRights = {
  roles: {
    adapter: ['tenant', 'registration/*', 'credentials/*'].flatMap((resource) => [
      { resource, activities: ['READ', 'WRITE'] },
      { operation: `${resource === 'tenant' ? 'tenant/*' : resource}:*`, activities: ['EXECUTE'] },
    ]),
  },
  users: {
    'mqtt-adapter@HONO': { mechanism: 'PLAIN', password: 'mqtt-secret', authorities: ['adapter'] },
  },
};

export function setRegistryStage(): RegistryStage {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-registry-'));
  const ports = { network: freePort(), amqp: freePort(), http: freePort(), mqtt: freePort() };
  const health = { registry: freePort(), adapter: freePort() };
  const permissions = join(directory, 'permissions.json');
  writeFileSync(permissions, JSON.stringify(adapterRights));
  const messaging = {
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_MESSAGING_PORT: String(ports.network),
  };
  const network = restartable({
    app: 'rollcall',
    args: ['network', '--port', String(ports.network), '--data', join(directory, 'network')],
    isReady: ({ stdout, stderr }) =>
      [...stdout, ...stderr].some((line) => line.includes('accepts every password')),
  });
  const registry = restartable({
    app: 'device-registry',
    environment: {
      ...messaging,
      ROLLCALL_REGISTRY_DIRECTORY: join(directory, 'registry'),
      ROLLCALL_REGISTRY_HTTP_PORT: String(ports.http),
      ROLLCALL_REGISTRY_HTTP_AUTHENTICATIONREQUIRED: 'false',
      ROLLCALL_REGISTRY_AMQP_INSECUREPORTENABLED: 'true',
      ROLLCALL_REGISTRY_AMQP_INSECUREPORT: String(ports.amqp),
      ROLLCALL_AUTH_SVC_PERMISSIONSPATH: permissions,
      ROLLCALL_HEALTH_PORT: String(health.registry),
    },
    isReady: isReady,
  });
  const adapter = restartable({
    app: 'mqtt-adapter',
    environment: {
      ...messaging,
      ROLLCALL_REGISTRY_KIND: 'amqp',
      // By Hono's names, each service by itself.
      ...Object.fromEntries(
        ['TENANT', 'REGISTRATION', 'CREDENTIALS'].flatMap((service) => [
          [`HONO_${service}_HOST`, '127.0.0.1'],
          [`HONO_${service}_PORT`, String(ports.amqp)],
          [`HONO_${service}_USERNAME`, 'mqtt-adapter@HONO'],
          [`HONO_${service}_PASSWORD`, 'mqtt-secret'],
        ]),
      ),
      // A machine that is busy has more time.
      ROLLCALL_REGISTRY_REQUESTTIMEOUT: '10000',
      ROLLCALL_MQTT_INSECUREPORTENABLED: 'true',
      ROLLCALL_MQTT_INSECUREPORT: String(ports.mqtt),
      ROLLCALL_HEALTH_PORT: String(health.adapter),
      ROLLCALL_JOURNAL_KIND: 'memory',
    },
    isReady: isReady,
  });
  const readinessOf = async (which: keyof typeof health): Promise<Readiness> =>
    (await fetch(`http://127.0.0.1:${health[which]}/readiness`)).json() as Promise<Readiness>;
  const readiness = (): Promise<Readiness> => readinessOf('adapter');
  return {
    ...{ network, registry, adapter },
    url: `mqtt://127.0.0.1:${ports.mqtt}`,
    async start() {
      await network.start();
      await registry.start();
      await adapter.start();
    },
    async manage(method, path, body) {
      const answer = await fetch(`http://127.0.0.1:${ports.http}/v1/${path}`, {
        method,
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    },
    async isWhole() {
      while ((await readiness()).status !== 'UP') await pause(50);
    },
    readiness,
    registryReadiness: () => readinessOf('registry'),
    networkPort: ports.network,
    events: () =>
      adapter.process.stdout.flatMap((line) => {
        const { msg = '', device = '', reason } = JSON.parse(line) as Record<string, string | undefined>;
        const [, type] = /^device (connected|disconnected)$/.exec(msg) ?? [];
        return type === undefined ? [] : [{ type, device, ...(reason !== undefined && { reason }) }];
      }),
    async strike() {
      for (const each of [adapter, registry, network]) await each.end('SIGKILL').catch(() => {});
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function isReady({ stdout }: { readonly stdout: readonly string[] }): boolean {
  return stdout.some((line) => line.includes('"ready"'));
}

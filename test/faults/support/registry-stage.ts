import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../e2e/support/ports.ts';
import { visitedProtocols, type VisitedProtocol } from './device-visit.ts';
import { runOther, type OtherRegistry } from './other-registry.ts';
import { restartable, type Restartable } from './restartable.ts';

interface Readiness {
  readonly status: string;
  readonly checks: readonly { readonly name: string }[];
}

/** The embedded network, the registry service, and adapters that ask it, as processes. */
export interface RegistryStage {
  readonly network: Restartable;
  readonly registry: Restartable;
  /** The one for MQTT. */
  readonly adapter: Restartable;
  /** Where devices connect over MQTT. */
  readonly url: string;
  /** Where devices find each adapter. */
  readonly ports: Readonly<Record<VisitedProtocol, number>>;
  start(): Promise<void>;
  /** Asks the management API; throws where it refuses. */
  manage(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<void>;
  /** Resolves once each adapter says that nothing is missing. */
  isWhole(): Promise<void>;
  /** Of the messaging network. */
  readonly networkPort: number;
  /** The sum of the lines of an adapter's metrics that begin so. */
  metric(protocol: VisitedProtocol, begin: string): Promise<number>;
  /** What the adapter for MQTT says of itself. */
  readiness(): Promise<Readiness>;
  /** The same of the registry. */
  registryReadiness(): Promise<Readiness>;
  /** Connection events of the adapter for MQTT, in order. */
  events(): readonly { readonly type: string; readonly device: string; readonly reason?: string }[];
  strike(): Promise<void>;
}

/** A service closes what was idle; a request on it that is late would fail. */
const fresh = { connection: 'close' };

const adapterRights = {
  roles: {
    adapter: ['tenant', 'registration/*', 'credentials/*'].flatMap((resource) => [
      { resource, activities: ['READ', 'WRITE'] },
      { operation: `${resource === 'tenant' ? 'tenant/*' : resource}:*`, activities: ['EXECUTE'] },
    ]),
  },
  users: {
    'adapter@HONO': { mechanism: 'PLAIN', password: 'adapter-secret', authorities: ['adapter'] },
  },
};

/**
 * @param protocols those that there is an adapter for.
 * @param other instead of our registry service.
 */
export function setRegistryStage(
  protocols: readonly VisitedProtocol[] = ['mqtt'],
  other?: OtherRegistry,
): RegistryStage {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-registry-'));
  const own = { network: other?.networkPort ?? freePort(), amqp: freePort(), http: freePort() };
  const ports = portsOf();
  const health = { registry: freePort(), ...portsOf() };
  const permissions = join(directory, 'permissions.json');
  writeFileSync(permissions, JSON.stringify(adapterRights));
  const messaging = {
    ROLLCALL_MESSAGING_HOST: '127.0.0.1',
    ROLLCALL_MESSAGING_PORT: String(own.network),
  };
  const network = restartable({
    app: 'rollcall',
    args: ['network', '--port', String(own.network), '--data', join(directory, 'network')],
    isReady: ({ stdout, stderr }) =>
      [...stdout, ...stderr].some((line) => line.includes('accepts every password')),
  });
  const ownRegistry = restartable({
    app: 'device-registry',
    environment: {
      ...messaging,
      ROLLCALL_REGISTRY_DIRECTORY: join(directory, 'registry'),
      ROLLCALL_REGISTRY_HTTP_PORT: String(own.http),
      ROLLCALL_REGISTRY_HTTP_AUTHENTICATIONREQUIRED: 'false',
      ROLLCALL_REGISTRY_AMQP_INSECUREPORTENABLED: 'true',
      ROLLCALL_REGISTRY_AMQP_INSECUREPORT: String(own.amqp),
      ROLLCALL_AUTH_SVC_PERMISSIONSPATH: permissions,
      // What an adapter keeps ends with a change, and not by itself.
      ROLLCALL_TENANT_SVC_CACHEMAXAGE: '86400',
      ROLLCALL_CREDENTIALS_SVC_CACHEMAXAGE: '86400',
      ROLLCALL_HEALTH_PORT: String(health.registry),
    },
    isReady: isReady,
  });
  const registry = other ? runOther(other) : ownRegistry;
  const managementUrl = other?.managementUrl ?? `http://127.0.0.1:${own.http}`;
  const adapterOf = (protocol: VisitedProtocol): Restartable =>
    restartable({
      app: `${protocol}-adapter`,
      environment: {
        ...messaging,
        ...(other?.adapters ?? askingRegistry(own.amqp)),
        ...listening(protocol, ports[protocol]),
        ROLLCALL_HEALTH_PORT: String(health[protocol]),
        ROLLCALL_JOURNAL_KIND: 'memory',
      },
      isReady: isReady,
    });
  const adapters = new Map(protocols.map((protocol) => [protocol, adapterOf(protocol)]));
  const adapter = adapters.get('mqtt') ?? adapterOf('mqtt');
  const readinessOf = async (which: keyof typeof health): Promise<Readiness> =>
    (
      await fetch(`http://127.0.0.1:${health[which]}/readiness`, { headers: fresh })
    ).json() as Promise<Readiness>;
  const readiness = (): Promise<Readiness> => readinessOf('mqtt');
  return {
    ...{ network, registry, adapter, ports },
    url: `mqtt://127.0.0.1:${ports.mqtt}`,
    async start() {
      await network.start();
      await registry.start();
      for (const each of adapters.values()) await each.start();
    },
    async manage(method, path, body) {
      const answer = await fetch(`${managementUrl}/v1/${path}`, {
        method,
        headers: { ...fresh, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    },
    async isWhole() {
      for (const protocol of adapters.keys())
        while ((await readinessOf(protocol)).status !== 'UP') await pause(50);
    },
    async metric(protocol, begin) {
      const text = await (
        await fetch(`http://127.0.0.1:${health[protocol]}/metrics`, { headers: fresh })
      ).text();
      return text
        .split('\n')
        .filter((line) => line.startsWith(begin))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    readiness,
    registryReadiness: () => readinessOf('registry'),
    networkPort: own.network,
    events: () =>
      adapter.process.stdout.flatMap((line) => {
        const { msg = '', device = '', reason } = JSON.parse(line) as Record<string, string | undefined>;
        const [, type] = /^device (connected|disconnected)$/.exec(msg) ?? [];
        return type === undefined ? [] : [{ type, device, ...(reason !== undefined && { reason }) }];
      }),
    async strike() {
      for (const each of [...adapters.values(), registry, network]) await each.end('SIGKILL').catch(() => {});
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function portsOf(): Record<VisitedProtocol, number> {
  return Object.fromEntries(visitedProtocols.map((protocol) => [protocol, freePort()])) as Record<
    VisitedProtocol,
    number
  >;
}

/** By Hono's names, each service by itself. */
function askingRegistry(port: number): Record<string, string> {
  return {
    ROLLCALL_REGISTRY_KIND: 'amqp',
    ...Object.fromEntries(
      ['TENANT', 'REGISTRATION', 'CREDENTIALS'].flatMap((service) => [
        [`HONO_${service}_HOST`, '127.0.0.1'],
        [`HONO_${service}_PORT`, String(port)],
        [`HONO_${service}_USERNAME`, 'adapter@HONO'],
        [`HONO_${service}_PASSWORD`, 'adapter-secret'],
      ]),
    ),
    // A machine that is busy has more time.
    ROLLCALL_REGISTRY_REQUESTTIMEOUT: '10000',
  };
}

/** CoAP devices prove who they are with DTLS; the others do so without TLS. */
function listening(protocol: VisitedProtocol, port: number): Record<string, string> {
  const section = `ROLLCALL_${protocol.toUpperCase()}`;
  return protocol === 'coap'
    ? { [`${section}_PORT`]: String(port) }
    : { [`${section}_INSECUREPORTENABLED`]: 'true', [`${section}_INSECUREPORT`]: String(port) };
}

function isReady({ stdout }: { readonly stdout: readonly string[] }): boolean {
  return stdout.some((line) => line.includes('"ready"'));
}

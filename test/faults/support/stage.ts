import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../e2e/support/ports.ts';
import type { RegistryContent } from './registry-content.ts';
import { restartable, type Restartable } from './restartable.ts';

export const tenants = ['acme', 'umbrella'] as const;
export const password = 'fault-secret';
/** A device of each tenant that every other one may speak for. */
export const behindGateways = 'behind';

/** `device-0` and so on: the same ones in each tenant; its auth-id is its id. */
export function deviceId(index: number): string {
  return `device-${index}`;
}

export interface Stage {
  readonly network: Restartable;
  readonly adapter: Restartable;
  readonly port: number;
  /** The port with TLS, where there is a certificate. */
  readonly securePort: number;
  readonly networkUrl: string;
  /** The file of the adapter's registry. */
  readonly registry: string;
  /** The adapter's journal. */
  readonly journal: string;
  /** What `/readiness` of the adapter says. */
  readiness(): Promise<{
    readonly status: string;
    readonly checks: readonly { name: string; status: string }[];
  }>;
  /** The value of a metric, summed over its labels. */
  metric(name: string): Promise<number>;
  strike(): Promise<void>;
}

export interface StageOptions {
  readonly protocol: 'mqtt' | 'http' | 'amqp' | 'coap' | 'template';
  /** Of each tenant. */
  readonly devices: number;
  /** In place of the one with those devices. */
  readonly registry?: object;
  /** Where the adapter finds its network; default: the embedded one. */
  readonly networkPort?: number;
  readonly environment?: Record<string, string>;
  /** PEM of the adapter's key and certificate; default: none, and no port with TLS. */
  readonly certificate?: { readonly key: string; readonly cert: string };
  /** How long the adapter may take until it is ready. */
  readonly readyWithinMs?: number;
}

/** An adapter with a journal, and the embedded network, as processes. Nothing runs before it is started. */
export function setStage({ protocol, devices, environment = {}, ...options }: StageOptions): Stage {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-faults-'));
  const registry = join(directory, 'registry.json');
  writeFileSync(registry, JSON.stringify(options.registry ?? registryOf(devices)));
  const [ownNetworkPort, port, healthPort] = [freePort(), freePort(), freePort()];
  const securePort = options.certificate ? freePort() : 0;
  const networkPort = options.networkPort ?? ownNetworkPort;
  const section = protocol.toUpperCase();
  // Not over a connection to the adapter that was there before: it may be gone.
  const ask = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${healthPort}/${path}`, { headers: { connection: 'close' } });
  const network = restartable({
    app: 'rollcall',
    args: ['network', '--port', String(ownNetworkPort), '--data', join(directory, 'network')],
    isReady: ({ stdout, stderr }) =>
      [...stdout, ...stderr].some((line) => line.includes('accepts every password')),
  });
  const adapter = restartable({
    app: protocol === 'template' ? 'adapter-template' : `${protocol}-adapter`,
    ...(options.readyWithinMs !== undefined && { readyWithinMs: options.readyWithinMs }),
    environment: {
      ROLLCALL_ADAPTER_ID: `${protocol}-0`,
      ROLLCALL_REGISTRY_FILE: registry,
      ROLLCALL_MESSAGING_HOST: '127.0.0.1',
      ROLLCALL_MESSAGING_PORT: String(networkPort),
      ROLLCALL_CONNECTIONEVENTS_PRODUCER: 'events',
      ROLLCALL_JOURNAL_DIRECTORY: join(directory, 'journal'),
      // A device that was answered is then in the journal for sure, however slow the machine.
      ROLLCALL_JOURNAL_COMMITWAIT: '30000',
      ROLLCALL_HEALTH_PORT: String(healthPort),
      ...listening(section, port),
      ...(options.certificate && listeningSecurely(section, securePort, directory, options.certificate)),
      [`ROLLCALL_${section}_MAXCONNECTIONS`]: '100000',
      ...environment,
    },
    isReady: async ({ stdout }) =>
      // Before that nobody would answer.
      stdout.some((line) => line.includes('"ready"')) &&
      ask('readiness').then(
        ({ ok }) => ok,
        () => false,
      ),
  });

  return {
    network,
    adapter,
    port,
    securePort,
    registry,
    networkUrl: `amqp://127.0.0.1:${networkPort}`,
    journal: join(directory, 'journal', `${protocol}-0.journal`),
    readiness: async () => (await (await ask('readiness')).json()) as Awaited<ReturnType<Stage['readiness']>>,
    async metric(name) {
      const text = await (await ask('metrics')).text();
      return text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    async strike() {
      for (const each of [adapter, network]) await each.end('SIGKILL').catch(() => {});
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** CoAP devices prove who they are with DTLS; the others do so without TLS. */
function listening(section: string, port: number): Record<string, string> {
  return section === 'COAP'
    ? { [`ROLLCALL_${section}_PORT`]: String(port) }
    : {
        [`ROLLCALL_${section}_INSECUREPORTENABLED`]: 'true',
        [`ROLLCALL_${section}_INSECUREPORT`]: String(port),
      };
}

function listeningSecurely(
  section: string,
  port: number,
  directory: string,
  { key, cert }: { readonly key: string; readonly cert: string },
): Record<string, string> {
  writeFileSync(join(directory, 'key.pem'), key);
  writeFileSync(join(directory, 'cert.pem'), cert);
  return {
    [`ROLLCALL_${section}_PORT`]: String(port),
    [`ROLLCALL_${section}_KEYPATH`]: join(directory, 'key.pem'),
    [`ROLLCALL_${section}_CERTPATH`]: join(directory, 'cert.pem'),
  };
}

/** Salted SHA-256: what a login costs is not what is tested. */
export function registryOf(devices: number): RegistryContent {
  const salt = Buffer.from('salt');
  const secret = {
    'hash-function': 'sha-256',
    'pwd-hash': createHash('sha256').update(salt).update(password).digest('base64'),
    salt: salt.toString('base64'),
  };
  const sharedKey = Buffer.from(password).toString('base64');
  const ids = Array.from({ length: devices }, (_, index) => deviceId(index));
  return {
    tenants: tenants.map((tenant) => ({
      'tenant-id': tenant,
      devices: [
        ...ids.map((id) => ({
          'device-id': id,
          credentials: [
            { type: 'hashed-password', 'auth-id': id, secrets: [secret] },
            { type: 'psk', 'auth-id': id, secrets: [{ key: sharedKey }] },
          ],
        })),
        { 'device-id': behindGateways, via: ids },
      ],
    })),
  };
}

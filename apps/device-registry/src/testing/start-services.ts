import { ManualClock, recordingLog } from '@rollcall/conformance';
import { onTestFinished } from 'vitest';
import { createCredentialsService } from '../amqp/credentials-service.ts';
import { listenForClients, type ClientListenerOptions } from '../amqp/listen-for-clients.ts';
import { createRegistrationService } from '../amqp/registration-service.ts';
import type { ServiceBounds } from '../amqp/service-host.ts';
import { createTenantService } from '../amqp/tenant-service.ts';
import type { LoginOutcome } from '../auth/identity.ts';
import { rightsOf } from '../auth/rights.ts';
import { noProvisioning } from '../provisioning/no-provisioning.ts';
import type { RegistryStore } from '../store/registry-store.ts';

/** The rights of adapters, as in Hono's `permissions.json`. */
export const adapterRights = rightsOf([
  ['r:tenant', 'RW'],
  ['o:tenant/*:*', 'E'],
  ['r:registration/*', 'RW'],
  ['o:registration/*:*', 'E'],
  ['r:credentials/*', 'RW'],
  ['o:credentials/*:*', 'E'],
]);

export interface StartServicesFacts {
  readonly bounds?: Partial<ServiceBounds>;
  readonly maxClients?: number;
  readonly services?: ClientListenerOptions['services'];
  /** By user name; the password is `secret`. */
  readonly users?: Readonly<Record<string, LoginOutcome>>;
}

const adapter: LoginOutcome = {
  status: 'accepted',
  identity: { name: 'adapter', rights: adapterRights },
};

/** Starts the AMQP services over a store, on loopback, on any port. They are stopped after the test. */
export async function startServices(store: RegistryStore, facts: StartServicesFacts = {}) {
  const clock = new ManualClock('2026-06-01T00:00:00.000Z');
  const log = recordingLog();
  const failures: unknown[] = [];
  const failed = (where: string, error: unknown): void => void failures.push([where, error]);
  const answers: string[] = [];
  const nothing = (): void => {};
  const cacheMaxAgeSeconds = 180;
  const users: Readonly<Record<string, LoginOutcome>> = { adapter, ...facts.users };
  const listener = await listenForClients({
    ...{ clock, log, failed },
    listeners: { plain: { host: '127.0.0.1', port: 0 } },
    maxPendingSockets: 100,
    maxHandshakes: 10,
    maxClients: facts.maxClients ?? 10,
    logins: {
      logIn: async ({ username, password }) =>
        Buffer.from(password).toString() === 'secret'
          ? (users[username] ?? { status: 'wrong' })
          : { status: 'wrong' },
    },
    services: facts.services ?? {
      tenant: createTenantService({ store, clock, cacheMaxAgeSeconds }),
      registration: createRegistrationService({ store, provisioning: noProvisioning.edge }),
      credentials: createCredentialsService({
        store,
        provisioning: noProvisioning.certificate,
        cacheMaxAgeSeconds,
      }),
    },
    bounds: {
      maxFrameBytes: 16_384,
      maxMessageBytes: 65_536,
      maxSessions: 4,
      maxLinks: 64,
      maxUnderWay: 100,
      openTimeoutMs: 10_000,
      idleTimeoutMs: 20_000,
      ...facts.bounds,
    },
    answered: (endpoint, status) => void answers.push(`${endpoint} ${status}`),
    context: {
      ...{ clock, log, failed },
      metrics: { counter: nothing, gauge: nothing },
      turnedAway: nothing,
    },
  });
  onTestFinished(() => listener.close());
  const [{ port } = { port: 0 }] = listener.listening;
  return { port, clock, log, failures, answers, listener };
}

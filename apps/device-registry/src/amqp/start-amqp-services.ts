import type { ListenAddress } from '@rollcall/adapter-kit';
import type { SocketServerOptions } from '@rollcall/adapter-kit/listening';
import type { Clock, Log, Random } from '@rollcall/core/environment';
import type { FollowedFiles } from '@rollcall/file-follower';
import { within } from '@rollcall/core/environment';
import type { ResourceStack } from '@rollcall/runtime';
import { openLogins } from '../auth/open-logins.ts';
import type { AuthValues } from '../auth/auth-options.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { amqpListeners, type AmqpServiceValues } from './amqp-options.ts';
import type { Services } from './answer-request.ts';
import { createCredentialsService, type CertificateProvisioning } from './credentials-service.ts';
import { listenForClients } from './listen-for-clients.ts';
import { createRegistrationService, type EdgeProvisioning } from './registration-service.ts';
import type { ServiceBounds } from './service-host.ts';
import { createTenantService } from './tenant-service.ts';

export interface AmqpServicesParts {
  readonly values: AmqpServiceValues & AuthValues;
  readonly store: Pick<
    RegistryStore,
    'tenantByName' | 'tenantsByTrustedCa' | 'registration' | 'credentialsBy'
  >;
  readonly provisioning: { readonly edge: EdgeProvisioning; readonly certificate: CertificateProvisioning };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly files: Pick<FollowedFiles, 'follow'>;
  readonly metrics: SocketServerOptions['context']['metrics'];
  failed(where: string, error: unknown): void;
  readonly turnedAway: SocketServerOptions['context']['turnedAway'];
}

/** Adapters have three links for each tenant, on one session. */
const bounds = {
  maxFrameBytes: 16_384,
  maxMessageBytes: 65_536,
  maxSessions: 4,
  maxLinks: 8_192,
  maxUnderWay: 2_000,
} as const satisfies Partial<ServiceBounds>;

/** How long clients have to receive the close when the services stop. */
const closeWithinMs = 1_000;

/** Serves Hono's Tenant, Device Registration and Credentials API. @throws ConfigError, TransportError */
export async function startAmqpServices(
  parts: AmqpServicesParts,
  resources: ResourceStack,
): Promise<readonly ListenAddress[]> {
  const { values, clock, log, failed, metrics, turnedAway, files } = parts;
  const { amqpOpenTimeoutMs: openTimeoutMs, amqpIdleTimeoutMs: idleTimeoutMs } = values;
  const answers = countAnswers(metrics);
  const listener = await listenForClients({
    ...{ clock, log, failed },
    listeners: amqpListeners(values),
    logins: openLogins(parts, resources),
    services: servicesOf(parts),
    bounds: { ...bounds, openTimeoutMs, idleTimeoutMs },
    maxPendingSockets: values.maxPendingAmqpSockets,
    maxHandshakes: values.maxAmqpHandshakes,
    maxClients: values.maxAmqpClients,
    context: { clock, log, metrics, failed, turnedAway, followFiles: (set) => files.follow(set) },
    answered: answers.count,
  });
  metrics.gauge(
    { name: 'rollcall_registry_amqp_clients', help: 'Clients of the AMQP services that are logged in' },
    () => listener.clients,
  );
  resources.defer(async () => {
    await within(listener.stopAccepting(), closeWithinMs, clock);
    await listener.close();
  });
  return listener.listening;
}

function servicesOf({ store, clock, provisioning, values }: AmqpServicesParts): Services {
  return {
    tenant: createTenantService({ store, clock, cacheMaxAgeSeconds: values.tenantMaxAgeSeconds }),
    registration: createRegistrationService({ store, provisioning: provisioning.edge }),
    credentials: createCredentialsService({
      store,
      provisioning: provisioning.certificate,
      cacheMaxAgeSeconds: values.credentialsMaxAgeSeconds,
    }),
  };
}

/** Answers by service and status: few of both. */
function countAnswers(metrics: AmqpServicesParts['metrics']): {
  count(endpoint: string, status: number): void;
} {
  const counts: Record<string, number> = {};
  metrics.counter(
    {
      name: 'rollcall_registry_amqp_answers_total',
      help: 'Answers of the AMQP services, by service and status',
      label: 'answer',
    },
    () => counts,
  );
  return {
    count(endpoint, status) {
      const label = `${endpoint} ${status}`;
      counts[label] = (counts[label] ?? 0) + 1;
    },
  };
}

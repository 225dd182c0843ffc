import { ManualClock, recordingLog, seededRandom } from '@rollcall/conformance';
import { systemClock, type Clock } from '@rollcall/core/environment';
import type { DeviceRegistry, IdentifierRule } from '@rollcall/core/registry';
import { openAmqpRegistry } from '../open-amqp-registry.ts';
import { serviceNames } from '../module/registry-options.ts';
import type { ServiceSettings } from '../module/service-settings.ts';
import { ScriptedNotifications } from './scripted-notifications.ts';
import { startScriptedServices, type ScriptedServices } from './scripted-services.ts';
import type { StoredRegistry } from './stored-registry.ts';

export interface RegistryBed {
  readonly registry: DeviceRegistry;
  readonly services: ScriptedServices;
  readonly notifications: ScriptedNotifications;
  readonly log: ReturnType<typeof recordingLog>;
  close(): Promise<void>;
}

export interface BedFacts {
  readonly stored?: StoredRegistry;
  /** Default: the system's, with time for a machine that is busy. */
  readonly clock?: ManualClock;
  readonly settings?: Partial<ServiceSettings>;
  readonly tenantRules?: readonly IdentifierRule[];
  /** Whether notifications do not arrive. Default: they do. */
  readonly deaf?: boolean;
  /** A port where nothing listens; default: services are started. */
  readonly port?: number;
}

/** A registry that asks scripted services over loopback. */
export async function openBed(facts: BedFacts = {}): Promise<RegistryBed> {
  const services = await startScriptedServices(facts.stored);
  const notifications = new ScriptedNotifications();
  const log = recordingLog();
  const clock: Clock = facts.clock ?? systemClock;
  const settingsOf = (name: string): ServiceSettings => ({
    connection: {
      host: '127.0.0.1',
      port: facts.port ?? services.port,
      containerName: `test-${name}`,
      role: name,
      peerName: 'device registry',
      clock,
      random: seededRandom(1),
      log,
      redial: { minDelayMs: 0, maxDelayMs: 20, incrementMs: 1 },
      connectTimeoutMs: 10_000,
      linkTimeoutMs: 10_000,
      ...facts.settings?.connection,
    },
    linkTimeoutMs: 10_000,
    requestTimeoutMs: 10_000,
    maxOutstanding: 200,
    maxKept: 1_000,
    keepSeconds: 600,
    ...facts.settings,
  });
  const [tenant, registration, credentials] = serviceNames.map(settingsOf);
  if (!tenant || !registration || !credentials) throw new Error('a service is missing');
  const registry = await openAmqpRegistry({
    services: { tenant, registration, credentials },
    clock,
    log,
    tenantRules: facts.tenantRules ?? [],
    notifications,
  });
  if (facts.deaf !== true) notifications.attach();
  return {
    registry,
    services,
    notifications,
    log,
    async close() {
      await registry.close();
      await services.close();
    },
  };
}

import type { JsonObject } from '../store/registry-content.ts';
import type {
  RegistrationFacts,
  RegistryStore,
  StoredDevice,
  StoredTenant,
} from '../store/registry-store.ts';
import { decideAlone, decideThroughGateway } from './decide-registration.ts';
import { textIn, unlessEmpty } from './json-fields.ts';
import { failure, maxAge, type ServiceResult } from './service-answer.ts';
import type { RegistryService } from './service-request.ts';

/** The outcome for a device that was not registered. */
export type EdgeOutcome =
  /** The device is registered now: ask the store again for the facts. */
  { readonly status: 'registered' } | { readonly status: 'refused'; readonly code: number };

/** Registers devices that send through a gateway (`docs/registry.md`). Rejects if the store is unavailable. */
export interface EdgeProvisioning {
  /** Registers a device for this gateway, and sends the event about it. */
  provision(tenant: StoredTenant, deviceId: string, gateway: StoredDevice): Promise<EdgeOutcome>;
  /** Sends the event about a device that was registered so, unless it was sent before. */
  sendEvent(tenant: StoredTenant, device: StoredDevice, gatewayId: string): Promise<EdgeOutcome>;
}

export interface RegistrationServiceOptions {
  readonly store: Pick<RegistryStore, 'registration'>;
  readonly provisioning: EdgeProvisioning;
}

/** As in Hono, which has no option for it. A device that is disabled meanwhile is reported by a notification of the change. */
const cacheMaxAgeSeconds = 300;

type Decided = Pick<ServiceResult, 'status' | 'cacheControl' | 'body'>;

/** Hono's Device Registration API: whether a device may send, by itself or through a gateway. */
export function createRegistrationService(options: RegistrationServiceOptions): RegistryService {
  return {
    async answer({ tenant, subject, properties }) {
      if (subject !== 'assert') return failure(400, 'unsupported operation');
      const device = textIn(properties, 'device_id');
      if (tenant === undefined || device === undefined) return failure(400, 'request has no device_id');
      const gateway = textIn(properties, 'gateway_id');
      return { kind: 'result', tenant, ...(await assertRegistration(options, tenant, device, gateway)) };
    },
  };
}

async function assertRegistration(
  { store, provisioning }: RegistrationServiceOptions,
  tenantId: string,
  deviceId: string,
  gatewayId: string | undefined,
): Promise<Decided> {
  const facts = await store.registration(tenantId, deviceId, gatewayId);
  const { tenant } = facts;
  if (!tenant) return { status: 404 };
  const decision = gatewayId === undefined ? decideAlone(facts) : decideThroughGateway(facts);
  if (decision.verdict === 'refused') return { status: decision.status };
  if (decision.verdict === 'registered') {
    const { device } = decision;
    const outcome =
      gatewayId === undefined ? undefined : await provisioning.sendEvent(tenant, device, gatewayId);
    return outcome?.status === 'refused' ? { status: outcome.code } : asserted(device, facts);
  }
  const outcome = await provisioning.provision(tenant, deviceId, decision.gateway);
  if (outcome.status === 'refused') return { status: outcome.code };
  const made = await store.registration(tenantId, deviceId, gatewayId);
  const again = decideThroughGateway(made);
  // The device may have been deleted since, or given to another gateway.
  if (again.verdict !== 'registered') return { status: again.verdict === 'refused' ? again.status : 404 };
  return asserted(again.device, made);
}

/** The extensions of a device that Rollcall's adapters read. Hono's adapters ignore them. */
const presenceExtensions = ['presence-interval', 'presence-probe', 'max-connections-per-device'] as const;

function presenceOf(ext: JsonObject | undefined): JsonObject {
  const set = presenceExtensions.filter((name) => ext !== undefined && Object.hasOwn(ext, name));
  return Object.fromEntries(set.map((name) => [name, ext?.[name]]));
}

/** The answer for adapters: `via` has the members of groups too, even disabled ones. */
function asserted({ id, content }: StoredDevice, { members }: Pick<RegistrationFacts, 'members'>): Decided {
  const {
    'downstream-message-mapper': downstream,
    'upstream-message-mapper': upstream,
    'command-endpoint': commandEndpoint,
  } = content;
  const body: JsonObject = {
    'device-id': id,
    ...unlessEmpty('via', [...new Set([...(content.via ?? []), ...members])]),
    ...(downstream !== undefined && { 'downstream-message-mapper': downstream }),
    ...(upstream !== undefined && { 'upstream-message-mapper': upstream }),
    ...unlessEmpty('defaults', content.defaults),
    ...(commandEndpoint && { 'command-endpoint': commandEndpoint }),
    ...unlessEmpty('ext', presenceOf(content.ext)),
  };
  return { status: 200, cacheControl: maxAge(cacheMaxAgeSeconds), body };
}

import { sleep, type Clock } from '@rollcall/core/environment';
import type { EdgeOutcome, EdgeProvisioning } from '../amqp/registration-service.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { isUntold } from './is-untold.ts';
import { newVersion } from './new-version.ts';
import type { ProvisioningNews } from './provisioning-news.ts';
import { refusalOf, refused } from './refusal-of.ts';

export interface EdgeProvisioningOptions {
  readonly store: Pick<RegistryStore, 'write' | 'registration'>;
  readonly news: Pick<ProvisioningNews, 'tell' | 'isTelling'>;
  readonly clock: Clock;
  isDeviceId(id: string): boolean;
}

/** As in Hono: the event of a device that was registered just now is probably on its way, from another replica. */
const tellAgainMs = 50;

const registered: EdgeOutcome = { status: 'registered' };

/** Registers devices that a gateway with the authority to do so brings. */
export function createEdgeProvisioning({
  store,
  news,
  clock,
  isDeviceId,
}: EdgeProvisioningOptions): EdgeProvisioning {
  const provisioning: EdgeProvisioning = {
    async provision(tenant, deviceId, gateway) {
      if (!isDeviceId(deviceId)) return refused(400);
      const { memberOf = [] } = gateway.content;
      const outcome = await store.write({
        kind: 'provision-device',
        tenant: tenant.id,
        device: deviceId,
        version: newVersion(),
        at: clock.now(),
        content: {
          enabled: true,
          via: [gateway.id],
          ...(memberOf.length > 0 && { viaGroups: memberOf }),
        },
      });
      switch (outcome.status) {
        case 'done':
          return outcomeOf(await news.tell(tenant, deviceId, gateway.id));
        case 'exists': {
          // Another request brought it meanwhile. Where that came through another gateway, it tells of it.
          const { device } = await store.registration(tenant.id, deviceId);
          if (!device) return refused(404);
          const isOurs = device.content.via?.includes(gateway.id) === true;
          return isOurs ? provisioning.tellOf(tenant, device, gateway.id) : refused(403);
        }
        default:
          return refusalOf(outcome);
      }
    },
    async tellOf(tenant, device, gatewayId) {
      if (!isUntold(device)) return registered;
      if (!news.isTelling(tenant.id, device.id)) {
        await sleep(clock, tellAgainMs);
        const { device: now } = await store.registration(tenant.id, device.id);
        if (!now || !isUntold(now)) return registered;
      }
      return outcomeOf(await news.tell(tenant, device.id, gatewayId));
    },
  };
  return provisioning;
}

function outcomeOf(told: 'told' | number): EdgeOutcome {
  return told === 'told' ? registered : refused(told);
}

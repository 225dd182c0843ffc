import { sleep, type Clock } from '@rollcall/core/environment';
import type { EdgeOutcome, EdgeProvisioning } from '../amqp/registration-service.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { isEventPending } from './is-event-pending.ts';
import { newVersion } from './new-version.ts';
import type { ProvisioningNotifier } from './provisioning-notifier.ts';
import { refusalOf, refused } from './refusal-of.ts';

export interface EdgeProvisioningOptions {
  readonly store: Pick<RegistryStore, 'write' | 'registration'>;
  readonly notifier: Pick<ProvisioningNotifier, 'send' | 'isSending'>;
  readonly clock: Clock;
  isDeviceId(id: string): boolean;
}

/** As in Hono: soon after a device was registered, another replica is probably sending its event. */
const tellAgainMs = 50;

const registered: EdgeOutcome = { status: 'registered' };

/** Registers devices that send through a gateway which has the authority for that. */
export function createEdgeProvisioning({
  store,
  notifier,
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
          return outcomeOf(await notifier.send(tenant, deviceId, gateway.id));
        case 'exists': {
          // Another request registered it meanwhile. If that came through another gateway, that request sends the event.
          const { device } = await store.registration(tenant.id, deviceId);
          if (!device) return refused(404);
          const isOurs = device.content.via?.includes(gateway.id) === true;
          return isOurs ? provisioning.sendEvent(tenant, device, gateway.id) : refused(403);
        }
        default:
          return refusalOf(outcome);
      }
    },
    async sendEvent(tenant, device, gatewayId) {
      if (!isEventPending(device)) return registered;
      if (!notifier.isSending(tenant.id, device.id)) {
        await sleep(clock, tellAgainMs);
        const { device: now } = await store.registration(tenant.id, device.id);
        if (!now || !isEventPending(now)) return registered;
      }
      return outcomeOf(await notifier.send(tenant, device.id, gatewayId));
    },
  };
  return provisioning;
}

function outcomeOf(sent: 'sent' | number): EdgeOutcome {
  return sent === 'sent' ? registered : refused(sent);
}

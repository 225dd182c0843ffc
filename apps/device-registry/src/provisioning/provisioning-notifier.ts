import { deviceRef } from '@rollcall/core';
import type { DeviceDataSender } from '@rollcall/core/device-data';
import type { Clock, Random } from '@rollcall/core/environment';
import type { RegistryStore, StoredTenant } from '../store/registry-store.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { newVersion } from './new-version.ts';
import { provisioningEvent } from './provisioning-event.ts';

export interface ProvisioningNotifierOptions {
  readonly store: Pick<RegistryStore, 'write'>;
  readonly sender: Pick<DeviceDataSender, 'send'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Random;
}

/** Sends events about devices that registered themselves: at least once, and exactly once if nothing fails. */
export class ProvisioningNotifier {
  readonly #options: ProvisioningNotifierOptions;
  /** By tenant and device, so that two simultaneous requests about a device send one event. */
  readonly #underWay = new Map<string, Promise<'sent' | number>>();

  constructor(options: ProvisioningNotifierOptions) {
    this.#options = options;
  }

  /** Whether this process is sending the event about the device now. */
  isSending(tenantId: string, deviceId: string): boolean {
    return this.#underWay.has(keyOf(tenantId, deviceId));
  }

  /** @returns `sent`, or the status with which the request is answered: the next request sends the event again. */
  send(tenant: StoredTenant, deviceId: string, gatewayId?: string): Promise<'sent' | number> {
    const key = keyOf(tenant.id, deviceId);
    const running =
      this.#underWay.get(key) ??
      this.#sendNow(tenant, deviceId, gatewayId).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, running);
    return running;
  }

  async #sendNow(tenant: StoredTenant, deviceId: string, gatewayId?: string): Promise<'sent' | number> {
    const { store, sender, clock, random } = this.#options;
    const event = provisioningEvent({
      device: deviceRef(tenant.id, deviceId),
      tenant: tenant.content,
      ...(gatewayId !== undefined && { gatewayId }),
      at: clock.now(),
      random,
    });
    const outcome = await sender.send(event);
    if (outcome.status === 'failed') return outcome.failure.status;
    const note = {
      kind: 'note-provisioning-event-sent',
      tenant: tenant.id,
      device: deviceId,
      version: newVersion(),
    } as const;
    try {
      await store.write(note);
    } catch (error) {
      // The event was sent. If that cannot be stored, it is sent again at the next request.
      if (!(error instanceof StoreUnavailable)) throw error;
    }
    return 'sent';
  }
}

function keyOf(tenantId: string, deviceId: string): string {
  return JSON.stringify([tenantId, deviceId]);
}

import type { ChangeNotifications, NotificationListener } from '@rollcall/core/registry';

/** Notifications that a test sends, or stops. */
export class ScriptedNotifications implements ChangeNotifications {
  readonly #listeners = new Map<string, NotificationListener>();
  isClosed = false;

  listen(topic: string, listener: NotificationListener): void {
    this.#listeners.set(topic, listener);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  attach(attached = true): void {
    for (const listener of this.#listeners.values()) listener.attachedChanged(attached);
  }

  tenantChanged(tenant: string, facts: object = {}): void {
    this.#tell('registry-tenant', {
      type: 'tenant-change-v1',
      change: 'UPDATE',
      'tenant-id': tenant,
      ...facts,
    });
  }

  deviceChanged(tenant: string, device: string, facts: object = {}): void {
    const names = { 'tenant-id': tenant, 'device-id': device };
    this.#tell('registry-device', { type: 'device-change-v1', change: 'UPDATE', ...names, ...facts });
  }

  credentialsChanged(tenant: string, device: string): void {
    const names = { 'tenant-id': tenant, 'device-id': device };
    this.#tell('registry-device', { type: 'credentials-change-v1', ...names });
  }

  allDevicesDeleted(tenant: string): void {
    this.#tell('registry-device', { type: 'all-devices-of-tenant-deleted-v1', 'tenant-id': tenant });
  }

  /** Sends a notification with any body. */
  tellRaw(topic: string, body: Uint8Array | undefined): void {
    this.#listeners.get(topic)?.heard(body);
  }

  #tell(topic: string, content: object): void {
    const facts = { source: 'device-registry', 'creation-time': '2026-01-01T12:00:00Z', enabled: true };
    this.tellRaw(topic, Buffer.from(JSON.stringify({ ...facts, ...content })));
  }
}

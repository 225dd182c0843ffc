import type { DevicePresence } from '@rollcall/client';
import type { PresenceNews } from '@rollcall/client/presence';
import { deviceKey } from '@rollcall/core';

/** The devices of one tenant, as a presence service reports them. */
export class ServiceTable {
  readonly #devices = new Map<string, DevicePresence>();
  /** Known before a snapshot began, and not in it yet. */
  #missing = new Map<string, DevicePresence>();

  all(): Iterable<DevicePresence> {
    return this.#devices.values();
  }

  /** @returns the devices that the news are about. */
  take(news: PresenceNews): readonly DevicePresence[] {
    switch (news.type) {
      case 'reset':
        this.#missing = new Map(this.#devices);
        return [];
      case 'snapshot':
      case 'change': {
        const key = deviceKey(news.presence.device);
        this.#missing.delete(key);
        this.#devices.set(key, news.presence);
        return [news.presence];
      }
      case 'snapshot-end':
        return this.#forgetMissing();
      default:
        return news satisfies never;
    }
  }

  /** The service knows nothing of them any more. */
  #forgetMissing(): readonly DevicePresence[] {
    const forgotten = [...this.#missing];
    this.#missing.clear();
    for (const [key] of forgotten) this.#devices.delete(key);
    return forgotten.map(([, { device }]) => ({ status: 'unknown', device, connections: [] }));
  }
}

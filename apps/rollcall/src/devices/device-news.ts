import type { DevicePresence } from '@rollcall/client';
import { deviceKey } from '@rollcall/core';

/**
 * Decides which devices are printed as lines: each whose status, or whose open connections, changed since its last line. So the last line
 * of each device says what is known.
 */
export class DeviceNews {
  readonly #online: boolean;
  readonly #printed = new Map<string, string>();

  /** @param online only who is online is shown, and then once more when that is over. */
  constructor(online: boolean) {
    this.#online = online;
  }

  /** Whether there is a line to print. It counts as printed then. */
  isNews(presence: DevicePresence): boolean {
    const key = deviceKey(presence.device);
    const before = this.#printed.get(key);
    const now = factsOf(presence);
    const isShown = !this.#online || presence.status === 'online';
    if (before === now || (before === undefined && !isShown)) return false;
    if (isShown) this.#printed.set(key, now);
    else this.#printed.delete(key);
    return true;
  }
}

/** A connection that moves to another adapter keeps its id. */
function factsOf(presence: DevicePresence): string {
  const connections = presence.status === 'offline' ? [] : presence.connections;
  const open = connections.map(({ connectionId, adapter }) => [connectionId, adapter.id, adapter.instance]);
  return JSON.stringify([presence.status, ...open]);
}

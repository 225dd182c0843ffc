import type { DirectoryEntry } from './connection-directory.ts';
import { deviceKey, type ConnectionId, type DeviceRef } from './ids.ts';

/** What one instance has entered in a directory: what every implementation knows without asking anybody. */
export class OwnEntries<Entry extends DirectoryEntry = DirectoryEntry> {
  readonly #byConnection = new Map<ConnectionId, Entry>();
  readonly #bySlot = new Map<string, Entry>();

  get size(): number {
    return this.#byConnection.size;
  }

  /** @returns the entry that held the slot, if that was another one. It stays until it is deleted. */
  add(entry: Entry): Entry | undefined {
    this.#byConnection.set(entry.event.connectionId, entry);
    if (entry.slot === undefined) return undefined;
    const key = slotKey(entry.event.device, entry.slot);
    const before = this.#bySlot.get(key);
    this.#bySlot.set(key, entry);
    return before?.event.connectionId === entry.event.connectionId ? undefined : before;
  }

  /** Another instance displaced it: it holds no slot any more, and stays until it is deleted. @returns whether it held one. */
  displace({ event: { connectionId, device }, slot }: DirectoryEntry): boolean {
    if (slot === undefined) return false;
    const key = slotKey(device, slot);
    return this.#bySlot.get(key)?.event.connectionId === connectionId && this.#bySlot.delete(key);
  }

  /** @returns whether it was there. */
  delete(entry: DirectoryEntry): boolean {
    this.displace(entry);
    return this.#byConnection.delete(entry.event.connectionId);
  }

  clear(): void {
    this.#byConnection.clear();
    this.#bySlot.clear();
  }

  get(connection: ConnectionId): Entry | undefined {
    return this.#byConnection.get(connection);
  }

  holderOf(device: DeviceRef, slot: string): Entry | undefined {
    return this.#bySlot.get(slotKey(device, slot));
  }

  all(): Iterable<Entry> {
    return this.#byConnection.values();
  }
}

function slotKey(device: DeviceRef, slot: string): string {
  return `${deviceKey(device)}\n${slot}`;
}

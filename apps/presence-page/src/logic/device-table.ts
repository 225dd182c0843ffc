import type { Device, Status } from './answers.ts';

/** What the list shows of a device: the rest is asked for where it is looked at. */
export interface Row {
  readonly device: string;
  readonly status: Status;
  /** Milliseconds since the Unix epoch; absent of those that are unknown. */
  readonly sinceMs?: number;
  /** Over what it is, or was last, connected. */
  readonly protocol?: string;
  /** Of one that is offline. */
  readonly reason?: string;
  readonly uncertaintyMs?: number;
  readonly address?: string;
}

function rowOf(device: Device): Row {
  const [connection] = device.connections;
  const ending = device['last-ending'];
  const protocol = connection?.protocol ?? ending?.protocol;
  const address = connection?.['remote-address'] ?? ending?.['remote-address'];
  return {
    device: device.device,
    status: device.status,
    ...(device.since !== undefined && { sinceMs: Date.parse(device.since) }),
    ...(protocol !== undefined && { protocol }),
    ...(address !== undefined && { address }),
    ...(device.status === 'offline' &&
      ending && { reason: ending.reason, uncertaintyMs: ending['uncertainty-ms'] }),
  };
}

export interface RowFilter {
  readonly status?: Status;
  readonly protocol?: string;
  readonly reason?: string;
  /** Those whose status became what it is then, or later. */
  readonly sinceMs?: number;
  /** A part of the id, in small or capital letters. */
  readonly search?: string;
  readonly order: 'name' | 'latest';
}

/** More devices than that are not held: the list says so. */
export const maxRows = 100_000;

/** The devices of a tenant as the stream tells them. What a new snapshot does not name is gone at its end. */
export class DeviceTable {
  readonly #rows = new Map<string, Row>();
  /** Ids in their order; `undefined`: to be ordered again. */
  #ordered: readonly string[] | undefined;
  #inSnapshot: Set<string> | undefined;
  #isCut = false;

  /** Whether there were more devices than are held. */
  get isCut(): boolean {
    return this.#isCut;
  }

  get size(): number {
    return this.#rows.size;
  }

  beginSnapshot(): void {
    this.#inSnapshot = new Set();
    this.#isCut = false;
  }

  set(devices: readonly Device[]): void {
    for (const device of devices) {
      this.#inSnapshot?.add(device.device);
      const isKnown = this.#rows.has(device.device);
      if (!isKnown && this.#rows.size >= maxRows) {
        this.#isCut = true;
        continue;
      }
      // One of which nothing is known any more was forgotten.
      if (device.status === 'unknown' && device.connections.length === 0 && !device['last-ending']) {
        if (this.#rows.delete(device.device)) this.#ordered = undefined;
        continue;
      }
      this.#rows.set(device.device, rowOf(device));
      if (!isKnown) this.#ordered = undefined;
    }
  }

  endSnapshot(): void {
    const named = this.#inSnapshot;
    if (!named) return;
    this.#inSnapshot = undefined;
    for (const device of this.#rows.keys())
      if (!named.has(device)) {
        this.#rows.delete(device);
        this.#ordered = undefined;
      }
  }

  select(filter: RowFilter): readonly Row[] {
    const search = filter.search?.toLowerCase();
    const found: Row[] = [];
    for (const device of this.#inOrder()) {
      const row = this.#rows.get(device);
      if (row && fits(row, filter, search)) found.push(row);
    }
    return filter.order === 'name'
      ? found
      : found.toSorted((one, other) => (other.sinceMs ?? 0) - (one.sinceMs ?? 0));
  }

  /** Names that some row has, in their order. */
  names(of: 'protocol' | 'reason'): readonly string[] {
    const names = new Set<string>();
    for (const row of this.#rows.values()) if (row[of] !== undefined) names.add(row[of]);
    return [...names].toSorted();
  }

  counts(): Readonly<Record<Status, number>> {
    const counts = { online: 0, offline: 0, unknown: 0 };
    for (const { status } of this.#rows.values()) counts[status] += 1;
    return counts;
  }

  #inOrder(): readonly string[] {
    return (this.#ordered ??= [...this.#rows.keys()].toSorted());
  }
}

function fits(row: Row, filter: RowFilter, search: string | undefined): boolean {
  return (
    (filter.status === undefined || row.status === filter.status) &&
    (filter.protocol === undefined || row.protocol === filter.protocol) &&
    (filter.reason === undefined || row.reason === filter.reason) &&
    (filter.sinceMs === undefined || (row.sinceMs ?? 0) >= filter.sinceMs) &&
    (search === undefined || row.device.toLowerCase().includes(search))
  );
}

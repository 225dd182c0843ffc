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

/** How many rows have each name. */
class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string | undefined, by: 1 | -1): void {
    if (name === undefined) return;
    const count = (this.#counts.get(name) ?? 0) + by;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  names(): readonly string[] {
    return [...this.#counts.keys()].toSorted();
  }
}

/** The devices of a tenant as the stream tells them. What a new snapshot does not name is gone at its end. */
export class DeviceTable {
  readonly #rows = new Map<string, Row>();
  // Counted as they come: of many thousand rows, counting takes longer than drawing.
  readonly #tallies = { status: new Tally(), protocol: new Tally(), reason: new Tally() };
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
        this.#put(device.device, undefined);
        continue;
      }
      this.#put(device.device, rowOf(device));
    }
  }

  endSnapshot(): void {
    const named = this.#inSnapshot;
    if (!named) return;
    this.#inSnapshot = undefined;
    for (const device of this.#rows.keys()) if (!named.has(device)) this.#put(device, undefined);
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
    return this.#tallies[of].names();
  }

  counts(): Readonly<Record<Status, number>> {
    const count = (status: Status): number => this.#tallies.status.count(status);
    return { online: count('online'), offline: count('offline'), unknown: count('unknown') };
  }

  #put(device: string, row: Row | undefined): void {
    const before = this.#rows.get(device);
    if (row) this.#rows.set(device, row);
    else this.#rows.delete(device);
    if (!before !== !row) this.#ordered = undefined;
    for (const count of ['status', 'protocol', 'reason'] as const) {
      this.#tallies[count].add(before?.[count], -1);
      this.#tallies[count].add(row?.[count], 1);
    }
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

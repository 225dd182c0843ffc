import { readFileSync } from 'node:fs';

export interface Ledger {
  readonly events: number;
  /** Events that are there twice. */
  readonly repeated: number;
  /** Events that came after a later one of their device, or whose connection was not the open one. */
  readonly outOfOrder: number;
}

/** What a sink wrote down of devices with one connection at a time, see `ledger-sink.mjs`. */
export function readLedger(file: string): Ledger {
  const latest = new Map<string, { readonly millisecond: string; readonly open: string | undefined }>();
  const seen = new Set<string>();
  let events = 0;
  let outOfOrder = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [device, id, type, connection] = line.split(' ');
    if (device === undefined || id === undefined || type === undefined) continue;
    events += 1;
    seen.add(id);
    const before = latest.get(device);
    // UUIDs of one millisecond have no order.
    const millisecond = id.slice(0, 13);
    const fits = type === 'connected' ? before?.open === undefined : before?.open === connection;
    if (!fits || (before && before.millisecond > millisecond)) outOfOrder += 1;
    latest.set(device, { millisecond, open: type === 'connected' ? connection : undefined });
  }
  return { events, repeated: events - seen.size, outOfOrder };
}

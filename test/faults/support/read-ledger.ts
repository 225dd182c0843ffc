import { readFileSync } from 'node:fs';

export interface Ledger {
  readonly events: number;
  /** Events that are there twice. */
  readonly repeated: number;
  /** Events that came after a later one of their device. */
  readonly outOfOrder: number;
}

/** What a sink wrote down, see `ledger-sink.mjs`. Event ids of one device grow. */
export function readLedger(file: string): Ledger {
  const latest = new Map<string, string>();
  const seen = new Set<string>();
  let events = 0;
  let outOfOrder = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [device, id] = line.split(' ');
    if (device === undefined || id === undefined) continue;
    events += 1;
    seen.add(id);
    if ((latest.get(device) ?? '') > id) outOfOrder += 1;
    latest.set(device, id);
  }
  return { events, repeated: events - seen.size, outOfOrder };
}

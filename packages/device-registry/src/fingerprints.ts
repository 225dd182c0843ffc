import { hash } from 'node:crypto';
import { entryKinds, noEntries, type Entries } from './registry-entries.ts';

/** What stands for an entry's packed text where only changes of it matter. */
export function fingerprint(packed: string): string {
  return hash('sha256', packed, 'base64url').slice(0, 22);
}

/** A tenant, and for each kind its entries by name. */
type Row = readonly [tenant: string, lists: readonly (readonly (readonly [string, string])[])[]];

/** Fingerprints of all entries in memory that any thread can read without a copy of it. */
export function shareFingerprints(entries: Entries<string>): SharedArrayBuffer {
  const rows: Row[] = [];
  for (const [tenant, of] of entries) rows.push([tenant, entryKinds.map((kind) => [...of[kind]])]);
  const bytes = Buffer.from(JSON.stringify(rows));
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}

export function readFingerprints(shared: SharedArrayBuffer): Entries<string> {
  // Whatever shareFingerprints made.
  const rows = JSON.parse(Buffer.from(shared).toString()) as Row[];
  return new Map(
    rows.map(([tenant, lists]) => {
      const of = noEntries<string>();
      for (const [index, kind] of entryKinds.entries())
        for (const [name, print] of lists[index] ?? []) of[kind].set(name, print);
      return [tenant, of];
    }),
  );
}

import { hash } from 'node:crypto';
import { deviceOfCredentials } from './pack-credentials.ts';
import { entryKinds, noEntries, type Entries, type EntryKind } from './registry-entries.ts';

const hashLength = 22;

/** What stands for an entry where only changes of it matter; for credentials it says whose they are, too. */
export function fingerprint(kind: EntryKind, packed: string): string {
  const print = hash('sha256', packed, 'base64url').slice(0, hashLength);
  return kind === 'tenant' || kind === 'device' ? print : print + deviceOfCredentials(packed);
}

/** Whose the credentials are that have this fingerprint. */
export function deviceOfFingerprint(print: string): string {
  return print.slice(hashLength);
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

import { hash } from 'node:crypto';
import { deviceOfCredentials } from './pack-credentials.ts';
import { entryKinds, noEntries, type Entries, type EntryKind } from './registry-entries.ts';

const hashLength = 22;

/** A short text that differs when an entry changed. That of credentials also has the id of their device. */
export function fingerprint(kind: EntryKind, packed: string): string {
  const print = hash('sha256', packed, 'base64url').slice(0, hashLength);
  return kind === 'tenant' || kind === 'device' ? print : print + deviceOfCredentials(packed);
}

/** The device of the credentials that have this fingerprint. */
export function deviceOfFingerprint(print: string): string {
  return print.slice(hashLength);
}

/** Stands for the hash of an entry of which only the name is known. No real hash looks like this. */
const unknownHash = '-'.repeat(hashLength);

/** The fingerprint of an entry that an earlier run served, and this one cannot. @param device of credentials, else empty. */
export function withheldPrint(device: string): string {
  return unknownHash + device;
}

export function isWithheldPrint(print: string): boolean {
  return print.startsWith(unknownHash);
}

/** A tenant, and for each kind its entries by name. */
type Row = readonly [tenant: string, lists: readonly (readonly (readonly [string, string])[])[]];

/** Fingerprints of all entries, in memory that other threads can read without a copy. */
export function shareFingerprints(entries: Entries<string>): SharedArrayBuffer {
  const rows: Row[] = [];
  for (const [tenant, of] of entries) rows.push([tenant, entryKinds.map((kind) => [...of[kind]])]);
  const bytes = Buffer.from(JSON.stringify(rows));
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}

export function readFingerprints(shared: SharedArrayBuffer): Entries<string> {
  // Only shareFingerprints makes this content, so it is not checked.
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

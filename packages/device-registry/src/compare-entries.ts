import { fingerprint } from './fingerprints.ts';
import { entryKinds, noEntries, type Entries, type EntryChange } from './registry-entries.ts';

export interface Comparison {
  /** What changed, tenant by tenant: its own settings, then its devices, then credentials. */
  readonly changes: readonly EntryChange[];
  /** Fingerprints of what is served once the changes are applied. */
  readonly served: Entries<string>;
}

/** What makes `before`, known by its fingerprints, into `after`. */
export function compareEntries(before: Entries<string>, after: Entries<string>): Comparison {
  const changes: EntryChange[] = [];
  const served: Entries<string> = new Map();
  for (const tenant of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(tenant);
    const now = after.get(tenant);
    const kept = noEntries<string>();
    for (const kind of entryKinds) {
      for (const [name, packed] of now?.[kind] ?? []) kept[kind].set(name, fingerprint(packed));
      for (const [name, print] of old?.[kind] ?? [])
        if (kept[kind].get(name) !== print) changes.push([kind, tenant, name, now?.[kind].get(name)]);
      for (const [name, packed] of now?.[kind] ?? [])
        if (!old?.[kind].has(name)) changes.push([kind, tenant, name, packed]);
    }
    if (now) served.set(tenant, kept);
  }
  return { changes, served };
}

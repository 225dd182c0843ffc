import { fingerprint } from './fingerprints.ts';
import type { Holding } from './held-back.ts';
import { entryKinds, noEntries, type Entries, type EntryChange } from './registry-entries.ts';

export interface Comparison {
  /** What changed, tenant by tenant: its own settings, then its devices, then credentials. */
  readonly changes: readonly EntryChange[];
  /** Fingerprints of what is served once the changes are applied. */
  readonly served: Entries<string>;
}

/**
 * The changes from `before`, of which only fingerprints are known, to `after`.
 *
 * @param stays whether an entry that is missing in `after` is kept.
 */
export function compareEntries(
  before: Entries<string>,
  after: Entries<string>,
  stays: Holding['stays'] = () => false,
): Comparison {
  const changes: EntryChange[] = [];
  const served: Entries<string> = new Map();
  for (const tenant of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(tenant);
    const now = after.get(tenant);
    const kept = noEntries<string>();
    for (const kind of entryKinds) {
      for (const [name, packed] of now?.[kind] ?? []) kept[kind].set(name, fingerprint(kind, packed));
      for (const [name, print] of old?.[kind] ?? [])
        if (!now?.[kind].has(name) && stays(kind, tenant, name, print)) kept[kind].set(name, print);
        else if (kept[kind].get(name) !== print) changes.push([kind, tenant, name, now?.[kind].get(name)]);
      for (const [name, packed] of now?.[kind] ?? [])
        if (!old?.[kind].has(name)) changes.push([kind, tenant, name, packed]);
    }
    if (entryKinds.some((kind) => kept[kind].size > 0)) served.set(tenant, kept);
  }
  return { changes, served };
}

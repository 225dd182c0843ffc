import { randomBytes } from 'node:crypto';
import type { IdentifierRule } from '@rollcall/core/registry';
import { compareEntries } from './compare-entries.ts';
import { fingerprint } from './fingerprints.ts';
import { holdBack, type HeldBack } from './held-back.ts';
import { parseRegistryBytes, type ParsedRegistry, type ParseOptions } from './parse-registry.ts';
import { readWholeFile } from './read-whole-file.ts';
import { entryKinds, noEntries, type Entries, type EntryKind } from './registry-entries.ts';

export type RegistryCheck =
  | { readonly status: 'invalid'; readonly problems: readonly string[] }
  | {
      readonly status: 'valid';
      readonly counts: Readonly<Record<EntryKind, number>>;
      readonly warnings: readonly string[];
      /** What loading it would change. Only if a served file was named. */
      readonly reload?: {
        readonly changes: Readonly<
          Record<EntryKind, Readonly<Record<'added' | 'changed' | 'removed', number>>>
        >;
        readonly held?: HeldBack;
      };
    };

/** How many problems are listed; more would help no one. */
const maxProblems = 10_000;

/**
 * Checks whether an adapter would take a registry file, counts what is in it, and compares it with what is served.
 *
 * @param servedFile the file that adapters have loaded now.
 * @param tenantRules as those of `openFileRegistry`.
 */
export function checkRegistry(
  file: string,
  servedFile?: string,
  tenantRules: readonly IdentifierRule[] = [],
): RegistryCheck {
  // The same key for both files: a plain password that did not change must not count as a change.
  const saltKey = randomBytes(32);
  const checked = read(file, { saltKey, tenantRules, maxProblems });
  if (checked.status === 'invalid') return checked;
  const { entries, warnings } = checked;
  const facts = { status: 'valid', counts: countsOf(entries), warnings } as const;
  if (servedFile === undefined) return facts;
  const served = read(servedFile, { saltKey });
  if (served.status === 'invalid') return served;
  return { ...facts, reload: changesBetween(served.entries, entries) };
}

function read(file: string, options: ParseOptions): ParsedRegistry {
  const whole = readWholeFile(file);
  if (whole.status === 'away') return { status: 'invalid', problems: [whole.problem] };
  if (whole.status === 'moved') return { status: 'invalid', problems: [`${file}: is being written`] };
  return parseRegistryBytes(file, whole.bytes, options);
}

function countsOf(entries: Entries<string>): Readonly<Record<EntryKind, number>> {
  const counts = { tenant: 0, device: 0, 'hashed-password': 0, psk: 0, 'x509-cert': 0, rpk: 0 };
  for (const of of entries.values()) for (const kind of entryKinds) counts[kind] += of[kind].size;
  return counts;
}

function changesBetween(
  before: Entries<string>,
  after: Entries<string>,
): NonNullable<Extract<RegistryCheck, { status: 'valid' }>['reload']> {
  const none = () => ({ added: 0, changed: 0, removed: 0 });
  const changes = {
    tenant: none(),
    device: none(),
    'hashed-password': none(),
    psk: none(),
    'x509-cert': none(),
    rpk: none(),
  };
  for (const [kind, tenant, name, packed] of compareEntries(printsOf(before), after).changes) {
    const was = before.get(tenant)?.[kind].has(name) ?? false;
    changes[kind][packed === undefined ? 'removed' : was ? 'changed' : 'added'] += 1;
  }
  const held = holdBack(before, after)?.held;
  return { changes, ...(held && { held }) };
}

function printsOf(entries: Entries<string>): Entries<string> {
  const prints: Entries<string> = new Map();
  for (const [tenant, of] of entries) {
    const own = noEntries<string>();
    for (const kind of entryKinds)
      for (const [name, packed] of of[kind]) own[kind].set(name, fingerprint(kind, packed));
    prints.set(tenant, own);
  }
  return prints;
}

import type { CredentialsType } from '@rollcall/core/registry';

/** What can be looked up by name: a tenant, a device, or credentials of one type. */
export type EntryKind = 'tenant' | 'device' | CredentialsType;

export const entryKinds = [
  'tenant',
  'device',
  'hashed-password',
  'psk',
  'x509-cert',
  'rpk',
] as const satisfies readonly EntryKind[];

/** A value for each entry of a tenant, by kind and name; the tenant's own entry has the name of the tenant. */
export type EntriesOf<Value> = Readonly<Record<EntryKind, Map<string, Value>>>;

/** A value for each entry, by tenant. A packed entry is one text: small, and quick to pass to another thread. */
export type Entries<Value> = Map<string, EntriesOf<Value>>;

/** Stands for the packed text of an entry that an earlier run served, and that is missing now, perhaps by mistake. */
export const withheld = '';

/** An entry as it is now; `packed` is `undefined` when it is gone, and may be {@link withheld}. */
export type EntryChange = readonly [
  kind: EntryKind,
  tenant: string,
  name: string,
  packed: string | undefined,
];

export function noEntries<Value>(): EntriesOf<Value> {
  return {
    tenant: new Map(),
    device: new Map(),
    'hashed-password': new Map(),
    psk: new Map(),
    'x509-cert': new Map(),
    rpk: new Map(),
  };
}

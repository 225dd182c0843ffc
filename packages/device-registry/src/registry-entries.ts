import type { CredentialsType } from '@rollcall/core';

/** What is looked up by a name of its own: a tenant, a device, or credentials of one type. */
export type EntryKind = 'tenant' | 'device' | CredentialsType;

export const entryKinds = [
  'tenant',
  'device',
  'hashed-password',
  'psk',
  'x509-cert',
] as const satisfies readonly EntryKind[];

/** Something about each entry of a tenant, by kind and name; the tenant's own entry has the name of the tenant. */
export type EntriesOf<Value> = Readonly<Record<EntryKind, Map<string, Value>>>;

/** Something about each entry, by tenant. A text that says all of an entry is small, and crosses between threads quickly. */
export type Entries<Value> = Map<string, EntriesOf<Value>>;

/** An entry as it is now, or `undefined` where it is gone. */
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
  };
}

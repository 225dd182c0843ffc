import { readFileSync } from 'node:fs';
import { ConfigError } from '@rollcall/core';
import { checkRegistry } from '@rollcall/device-registry';
import { parseText, secretFields } from '@rollcall/device-registry/internal';
import type { Json } from './management-client.ts';
import { nameOf, type Named } from './named.ts';

interface FileTenant extends Json {
  readonly 'tenant-id': string;
  readonly devices?: readonly FileDevice[];
}

export interface FileDevice extends Json {
  readonly 'device-id': string;
  readonly credentials?: readonly Json[];
}

/** Tenants of a registry file, as they stand there. @throws ConfigError where it has a mistake */
export function tenantsInFile(file: string): readonly FileTenant[] {
  const checked = checkRegistry(file);
  if (checked.status === 'invalid') throw new ConfigError([...checked.problems]);
  const parsed = parseText(file, readFileSync(file, 'utf8'));
  if ('problem' in parsed) throw new ConfigError([parsed.problem]);
  return (parsed.value as { readonly tenants: readonly FileTenant[] }).tenants;
}

/** The same as `entriesOf`, of a file. */
export function entriesInFile(file: string, tenant: string | undefined): readonly Json[] {
  const tenants = tenantsInFile(file);
  if (tenant === undefined)
    return tenants.map(({ 'tenant-id': id, devices: _devices, ...content }) =>
      Object.assign({ id }, content),
    );
  const { devices = [] } = tenantNamed(tenants, { tenant });
  return devices.map(({ 'device-id': id, credentials: _secrets, ...content }) =>
    Object.assign({ id }, content),
  );
}

/** The same as `entryOf`, of a file: secrets are not told either. */
export function entryInFile(file: string, named: Named): Json {
  const { devices = [], ...content } = tenantNamed(tenantsInFile(file), named);
  if (named.device === undefined) return content;
  const device = devices.find((each) => each['device-id'] === named.device);
  if (!device) throw new Error(`${nameOf(named)}: is not in the file`);
  return { ...device, credentials: (device.credentials ?? []).map(withoutSecrets) };
}

function tenantNamed(tenants: readonly FileTenant[], { tenant }: Named): FileTenant {
  const found = tenants.find((each) => each['tenant-id'] === tenant);
  if (!found) throw new Error(`${tenant}: is not in the file`);
  return found;
}

/** What else a secret has is one, but for a public key. */
const shown: ReadonlySet<string> = new Set(Object.keys(secretFields));
const shownOfPublicKeys: ReadonlySet<string> = new Set([...shown, 'key', 'algorithm', 'cert']);

function withoutSecrets(credential: Json): Json {
  const secrets = Array.isArray(credential['secrets']) ? (credential['secrets'] as readonly Json[]) : [];
  const names = credential['type'] === 'rpk' ? shownOfPublicKeys : shown;
  return {
    ...credential,
    secrets: secrets.map((each) =>
      Object.fromEntries(Object.entries(each).filter(([name]) => names.has(name))),
    ),
  };
}

import { readFileSync } from 'node:fs';
import { ConfigError } from '@rollcall/core';
import { checkRegistry } from '@rollcall/device-registry';
import { inFullCredentials, inFullTenant, parseText } from '@rollcall/device-registry/internal';
import { deviceContent } from '../management/content/device-content.ts';
import { parse } from '../management/content/fields.ts';
import { requireKeepable } from '../management/content/read-body.ts';
import { tenantContent } from '../management/content/tenant-content.ts';
import {
  wantedCredentials,
  type CredentialRules,
  type WantedCredential,
} from '../management/content/wanted-credentials.ts';
import type { DeviceContent, TenantContent } from '../store/registry-content.ts';
import { isId } from '../names/is-id.ts';

export interface FileTenant {
  readonly id: string;
  readonly content: TenantContent;
  readonly devices: readonly FileDevice[];
}

export interface FileDevice {
  readonly id: string;
  readonly content: DeviceContent;
  readonly credentials: readonly WantedCredential[];
}

export interface FileRules {
  readonly tenantIdPattern: RegExp;
  readonly deviceIdPattern: RegExp;
  readonly credentials: CredentialRules;
}

type Json = Readonly<Record<string, unknown>>;

/** How many mistakes are listed. */
const maxProblems = 50;

/**
 * Reads a registry file for a database. A file that adapters would refuse is refused, and so are ids that the management API does not
 * allow.
 *
 * @throws ConfigError that lists the mistakes.
 */
export function readRegistryFile(file: string, rules: FileRules): readonly FileTenant[] {
  const checked = checkRegistry(file);
  if (checked.status === 'invalid') throw new ConfigError([...checked.problems]);
  const parsed = parseText(file, readFileSync(file, 'utf8'));
  if ('problem' in parsed) throw new ConfigError([parsed.problem]);
  const reader = new Reader(rules);
  const { tenants } = parsed.value as { readonly tenants: readonly Json[] };
  const read = tenants.map((tenant) => reader.tenant(tenant));
  if (reader.problems.length > 0) throw new ConfigError(reader.problems.slice(0, maxProblems));
  return read;
}

class Reader {
  readonly problems: string[] = [];
  readonly #rules: FileRules;

  constructor(rules: FileRules) {
    this.#rules = rules;
  }

  tenant({ 'tenant-id': id, devices = [], ...content }: Json): FileTenant {
    const name = String(id);
    if (!isId(name, this.#rules.tenantIdPattern)) this.problems.push(`${name}: is no id of a tenant here`);
    return {
      id: name,
      content: this.#try(name, () => parse(tenantContent, keepable(inFullTenant(content)))) ?? {},
      devices: (devices as readonly Json[]).map((device) => this.#device(name, device)),
    };
  }

  #device(tenant: string, { 'device-id': id, credentials = [], ...content }: Json): FileDevice {
    const name = String(id);
    const where = `${tenant}/${name}`;
    if (!isId(name, this.#rules.deviceIdPattern)) this.problems.push(`${where}: is no id of a device here`);
    const wanted = (credentials as readonly Json[]).map(inFullCredentials);
    return {
      id: name,
      content: this.#try(where, () => parse(deviceContent, keepable(content))) ?? {},
      credentials:
        this.#try(where, () => parse(wantedCredentials(this.#rules.credentials), wanted, 'credentials')) ??
        [],
    };
  }

  #try<Read>(where: string, read: () => Read): Read | undefined {
    try {
      return read();
    } catch (error) {
      this.problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }
}

/** @throws RegistryError */
function keepable<Value>(value: Value): Value {
  requireKeepable(value);
  return value;
}

import { randomBytes } from 'node:crypto';
import { breaksRule, type IdentifierRule } from '@rollcall/core';
import { decodeText } from './decode-text.ts';
import { packCredentials } from './pack-credentials.ts';
import { packDevice } from './pack-device.ts';
import { packTenant } from './pack-tenant.ts';
import { parseText } from './parse-text.ts';
import { createProblemList, type ProblemList } from './problem-list.ts';
import { noEntries, type Entries, type EntriesOf } from './registry-entries.ts';
import { createRegistryWarnings, type RegistryWarnings } from './registry-warnings.ts';
import {
  deviceSchema,
  registryFileSchema,
  tenantSchema,
  type DeviceContent,
  type TenantContent,
} from './schema.ts';
import { pathOf, validate } from './validate.ts';

/** Bytes of one entry at most: it is handed over, and looked up, in one go. */
const maxEntryLength = 1_000_000;

export interface ParseOptions {
  /** See `packCredentials`. */
  readonly saltKey: Uint8Array;
  /** Problems listed at most; default 50: a wrong file of many devices has many. */
  readonly maxProblems?: number;
  /** Tenants that cannot be, beside those that no registry may have. */
  readonly tenantRules?: readonly IdentifierRule[];
}

export type ParsedRegistry =
  | {
      readonly status: 'valid';
      /** Each entry packed, in the order of the file. */
      readonly entries: Entries<string>;
      /** What works, and is perhaps not meant so. */
      readonly warnings: readonly string[];
    }
  | { readonly status: 'invalid'; readonly problems: readonly string[] };

/** {@link parseRegistry} of the bytes of a file. */
export function parseRegistryBytes(file: string, bytes: Uint8Array, options: ParseOptions): ParsedRegistry {
  const text = decodeText(bytes);
  return text === undefined
    ? { status: 'invalid', problems: [`${file}: is not text in UTF-8`] }
    : parseRegistry(file, text, options);
}

/** Reads the text of a registry file, JSON or YAML by the file's extension, and lists everything that is wrong with it. */
export function parseRegistry(
  file: string,
  text: string,
  options: ParseOptions = { saltKey: randomBytes(32) },
): ParsedRegistry {
  const parsed = parseText(file, text);
  if ('problem' in parsed) return { status: 'invalid', problems: [parsed.problem] };
  const problems = createProblemList(options.maxProblems);
  // What is unknown beside the tenants comes last, as it stands last in most files.
  const aroundTenants = createProblemList();
  validate(registryFileSchema, parsed.value, [], aroundTenants);
  const reader = createReader(problems, options);
  for (const [index, tenant] of listOf(parsed.value, 'tenants').entries()) reader.readTenant(tenant, index);
  for (const problem of aroundTenants.list()) problems.add(problem);
  return problems.count > 0
    ? { status: 'invalid', problems: problems.list() }
    : { status: 'valid', entries: reader.entries, warnings: reader.warnings.list() };
}

function listOf(value: unknown, key: string): readonly unknown[] {
  const list =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return Array.isArray(list) ? list : [];
}

interface Reader {
  readonly entries: Entries<string>;
  readonly warnings: RegistryWarnings;
  readTenant(raw: unknown, index: number): void;
}

/** Reads tenant after tenant, device after device: what was read is kept packed. */
function createReader(problems: ProblemList, { saltKey, tenantRules = [] }: ParseOptions): Reader {
  const entries: Entries<string> = new Map();
  const warnings = createRegistryWarnings();
  /** A certificate says by its issuer which tenant a device belongs to. */
  const authorities = new Map<string, string>();

  function put(into: Map<string, string>, name: string, at: string, pack: () => string): void {
    let packed: string | undefined;
    try {
      packed = pack();
    } catch {
      // Such as an alias in YAML that is part of what it stands for.
    }
    if (packed === undefined || packed.length > maxEntryLength) {
      problems.add(`${at}: larger than ${maxEntryLength} characters, without its devices`);
      return;
    }
    into.set(name, packed);
  }

  function checkTenant(tenant: TenantContent, index: number): void {
    const id = tenant['tenant-id'];
    if (entries.has(id)) problems.add(`tenants[${index}].tenant-id: ${id} is there twice`);
    for (const [a, { subjectDn }] of tenant['trusted-ca'].entries()) {
      const other = authorities.get(subjectDn) ?? id;
      if (other !== id)
        problems.add(
          `tenants[${index}].trusted-ca[${a}]: ${subjectDn} is an authority of tenant ${other} already`,
        );
      authorities.set(subjectDn, other);
    }
    for (const rule of tenantRules)
      if (breaksRule(id, rule))
        problems.add(`tenants[${index}].tenant-id: ${id} cannot be used: ${rule.reason}`);
    warnings.tenant(tenant);
  }

  function readDevice(
    tenant: string,
    raw: unknown,
    at: readonly PropertyKey[],
    into: EntriesOf<string>,
    rawKeys: Map<string, string>,
  ): DeviceContent | undefined {
    const device = validate(deviceSchema, raw, at, problems);
    if (!device) return undefined;
    const id = device['device-id'];
    const path = pathOf(at);
    if (into.device.has(id)) problems.add(`${path}.device-id: ${id} is there twice`);
    put(into.device, id, path, () => packDevice(device));
    for (const [c, each] of device.credentials.entries()) {
      const authId = each['auth-id'];
      const here = `${path}.credentials[${c}]`;
      const known = each.type === 'rpk' ? rawKeys : into[each.type];
      if (known.has(authId)) problems.add(`${here}.auth-id: ${authId} is there twice as ${each.type}`);
      // Raw public keys nobody verifies yet.
      if (each.type === 'rpk') rawKeys.set(authId, '');
      else put(into[each.type], authId, here, () => packCredentials(tenant, id, each, saltKey));
    }
    return device;
  }

  return {
    entries,
    warnings,
    readTenant(raw, index) {
      const tenant = validate(tenantSchema, raw, ['tenants', index], problems);
      if (tenant) checkTenant(tenant, index);
      const id = tenant?.['tenant-id'] ?? '';
      const into = noEntries<string>();
      const rawKeys = new Map<string, string>();
      /** Devices with gateways. */
      const behind: DeviceContent[] = [];
      for (const [d, each] of listOf(raw, 'devices').entries()) {
        const device = readDevice(id, each, ['tenants', index, 'devices', d], into, rawKeys);
        if (device) warnings.device(id, device);
        if (device && device.via.length > 0) behind.push(device);
      }
      for (const device of behind)
        for (const gateway of device.via)
          if (!into.device.has(gateway)) warnings.unknownGateway(id, device['device-id'], gateway);
      if (!tenant) return;
      put(into.tenant, id, `tenants[${index}]`, () => packTenant(tenant));
      entries.set(id, into);
    },
  };
}

import { breaksRule, type IdentifierRule } from '@rollcall/core/registry';
import { packCredentials } from './pack-credentials.ts';
import { packDevice } from './pack-device.ts';
import { packTenant } from './pack-tenant.ts';
import type { ProblemList } from './problem-list.ts';
import { noEntries, type Entries, type EntriesOf } from './registry-entries.ts';
import { createRegistryWarnings } from './registry-warnings.ts';
import { deviceSchema, tenantSchema, type DeviceContent, type TenantContent } from './schema.ts';
import { TenantNames } from './tenant-names.ts';
import { pathOf, validate } from './validate.ts';

export interface ReaderOptions {
  readonly problems: ProblemList;
  /** See `packCredentials`. */
  readonly saltKey: Uint8Array;
  /** Which tenants are not allowed, beside those that no registry may have. */
  readonly tenantRules?: readonly IdentifierRule[] | undefined;
}

/** The tenant that is being read. */
interface TenantInHand {
  readonly id: string;
  readonly entries: EntriesOf<string>;
}

/** Characters of one entry at most: it is handed to another thread, and looked up, in one go. */
const maxEntryLength = 1_000_000;

/** Reads tenant after tenant, device after device. What was read is kept packed. */
export class RegistryReader {
  /** In the order of the file. */
  readonly entries: Entries<string> = new Map();
  readonly #warnings = createRegistryWarnings();
  readonly #problems: ProblemList;
  readonly #saltKey: Uint8Array;
  readonly #tenantRules: readonly IdentifierRule[];
  readonly #names = new TenantNames();

  constructor({ problems, saltKey, tenantRules = [] }: ReaderOptions) {
    this.#problems = problems;
    this.#saltKey = saltKey;
    this.#tenantRules = tenantRules;
  }

  warnings(): readonly string[] {
    return this.#warnings.list();
  }

  /** @param file the parsed text of the file, of any shape. */
  readTenants(file: unknown): void {
    for (const [index, raw] of listOf(file, 'tenants').entries()) this.#readTenant(raw, index);
    for (const problem of this.#names.problems()) this.#problems.add(problem);
  }

  #readTenant(raw: unknown, index: number): void {
    const tenant = validate(tenantSchema, raw, ['tenants', index], this.#problems);
    if (tenant) this.#checkTenant(tenant, index);
    const id = tenant?.['tenant-id'] ?? '';
    const inHand: TenantInHand = { id, entries: noEntries() };
    this.#readDevices(inHand, raw, index);
    if (!tenant) return;
    this.#put(inHand.entries.tenant, id, `tenants[${index}]`, () => packTenant(tenant));
    this.entries.set(id, inHand.entries);
  }

  #checkTenant(tenant: TenantContent, index: number): void {
    const id = tenant['tenant-id'];
    if (this.entries.has(id)) this.#problems.add(`tenants[${index}].tenant-id: ${id} is there twice`);
    this.#names.add(tenant, index);
    for (const rule of this.#tenantRules)
      if (breaksRule(id, rule))
        this.#problems.add(`tenants[${index}].tenant-id: ${id} cannot be used: ${rule.reason}`);
    this.#warnings.tenant(tenant);
  }

  #readDevices(inHand: TenantInHand, raw: unknown, index: number): void {
    const withGateways: DeviceContent[] = [];
    for (const [d, each] of listOf(raw, 'devices').entries()) {
      const device = this.#readDevice(inHand, each, ['tenants', index, 'devices', d]);
      if (device) this.#warnings.device(inHand.id, device);
      if (device && device.via.length > 0) withGateways.push(device);
    }
    // All devices are known now, so gateways can be checked.
    for (const device of withGateways)
      for (const gateway of device.via)
        if (!inHand.entries.device.has(gateway))
          this.#warnings.unknownGateway(inHand.id, device['device-id'], gateway);
  }

  #readDevice(
    { id: tenant, entries }: TenantInHand,
    raw: unknown,
    at: readonly PropertyKey[],
  ): DeviceContent | undefined {
    const device = validate(deviceSchema, raw, at, this.#problems);
    if (!device) return undefined;
    const id = device['device-id'];
    const path = pathOf(at);
    if (entries.device.has(id)) this.#problems.add(`${path}.device-id: ${id} is there twice`);
    this.#put(entries.device, id, path, () => packDevice(device));
    for (const [c, each] of device.credentials.entries()) {
      const authId = each['auth-id'];
      const here = `${path}.credentials[${c}]`;
      const known = entries[each.type];
      if (known.has(authId)) this.#problems.add(`${here}.auth-id: ${authId} is there twice as ${each.type}`);
      this.#put(known, authId, here, () => packCredentials(tenant, id, each, this.#saltKey));
    }
    return device;
  }

  #put(into: Map<string, string>, name: string, at: string, pack: () => string): void {
    const packed = packedOrNothing(pack);
    if (packed !== undefined && packed.length <= maxEntryLength) into.set(name, packed);
    else this.#problems.add(`${at}: larger than ${maxEntryLength} characters, without its devices`);
  }
}

function packedOrNothing(pack: () => string): string | undefined {
  try {
    return pack();
  } catch {
    // For example, a YAML alias that is part of its own target.
    return undefined;
  }
}

function listOf(value: unknown, key: string): readonly unknown[] {
  const list =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return Array.isArray(list) ? list : [];
}

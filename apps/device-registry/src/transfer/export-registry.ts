import type { CredentialContent, DeviceContent, TenantContent } from '../store/registry-content.ts';
import type { RegistryStore } from '../store/registry-store.ts';

export interface Exported {
  readonly tenants: number;
  readonly devices: number;
  /** What a registry file cannot express, and how often it occurred. */
  readonly leftOut: Readonly<Record<string, number>>;
}

const pageSize = 500;
/** The members of a tenant and of a device that adapters read from a file. */
const ofTenants: ReadonlySet<string> = new Set([
  ...['enabled', 'alias', 'adapters', 'defaults', 'ext', 'minimum-message-size'],
  ...['resource-limits', 'tracing', 'trust-anchor-group', 'trusted-ca'],
]);
const ofDevices: ReadonlySet<string> = new Set(['enabled', 'via', 'defaults', 'ext']);
const ofCredentials: ReadonlySet<string> = new Set(['type', 'auth-id', 'enabled', 'ext', 'secrets']);
const types: ReadonlySet<string> = new Set(['hashed-password', 'psk', 'x509-cert', 'rpk']);

/**
 * Writes all that a registry file can hold, as JSON. It is read page by page: the file may have a change that is made meanwhile, or not.
 *
 * @param write takes a piece of the text. The next piece waits until it resolves.
 */
export async function exportRegistry(
  store: RegistryStore,
  write: (text: string) => Promise<void>,
): Promise<Exported> {
  const exporting = new Export(store, write);
  await exporting.run();
  return exporting.done;
}

class Export {
  readonly #store: RegistryStore;
  readonly #write: (text: string) => Promise<void>;
  readonly #leftOut = new Map<string, number>();
  #tenants = 0;
  #devices = 0;

  constructor(store: RegistryStore, write: (text: string) => Promise<void>) {
    this.#store = store;
    this.#write = write;
  }

  get done(): Exported {
    return { tenants: this.#tenants, devices: this.#devices, leftOut: Object.fromEntries(this.#leftOut) };
  }

  async run(): Promise<void> {
    await this.#write('{"tenants": [');
    const pages = pagesOf((query) => this.#store.searchTenants(query));
    for await (const { id, content } of pages) {
      const tenant = { 'tenant-id': id, ...this.#kept('tenant', this.#trusting(content), ofTenants) };
      const fields = JSON.stringify(tenant).slice(0, -1);
      await this.#write(`${this.#tenants > 0 ? ',' : ''}\n${fields}, "devices": [`);
      this.#tenants += 1;
      await this.#devicesOf(id);
      await this.#write(']}');
    }
    await this.#write('\n]}\n');
  }

  async #devicesOf(tenant: string): Promise<void> {
    let isFirst = true;
    for await (const { id, content } of pagesOf((query) => this.#store.searchDevices(tenant, query))) {
      const set = await this.#store.credentialsOf(tenant, id);
      const device = {
        'device-id': id,
        ...this.#kept('device', content, ofDevices),
        credentials: (set?.credentials ?? []).flatMap((each) => this.#credential(each)),
      };
      await this.#write(`${isFirst ? '' : ','}\n  ${JSON.stringify(device)}`);
      isFirst = false;
      this.#devices += 1;
    }
  }

  #credential(credential: CredentialContent): readonly object[] {
    if (types.has(credential.type)) return [this.#kept('credentials', credential, ofCredentials)];
    this.#leaveOut('credentials of other types');
    return [];
  }

  /** Adapters refuse a file with an authority whose certificates must be checked for revocation. */
  #trusting(tenant: TenantContent): TenantContent {
    const { 'trusted-ca': cas, ...rest } = tenant;
    if (!cas) return tenant;
    const kept = cas.filter((ca) => ca['ocsp-revocation-enabled'] !== true);
    for (let left = kept.length; left < cas.length; left += 1) this.#leaveOut('authorities with OCSP');
    return { ...rest, 'trusted-ca': kept };
  }

  #kept(
    what: string,
    content: TenantContent | DeviceContent | CredentialContent,
    names: ReadonlySet<string>,
  ): object {
    const entries = Object.entries(content);
    for (const [name] of entries) if (!names.has(name)) this.#leaveOut(`${name} of a ${what}`);
    return Object.fromEntries(entries.filter(([name]) => names.has(name)));
  }

  #leaveOut(what: string): void {
    this.#leftOut.set(what, (this.#leftOut.get(what) ?? 0) + 1);
  }
}

interface Query {
  readonly pageSize: number;
  readonly pageIndex: number;
  readonly filters: [];
  readonly order: [];
}

async function* pagesOf<Found>(
  ask: (query: Query) => Promise<{ readonly found: readonly Found[] }>,
): AsyncGenerator<Found> {
  for (let pageIndex = 0; ; pageIndex += 1) {
    const { found } = await ask({ pageSize, pageIndex, filters: [], order: [] });
    yield* found;
    if (found.length < pageSize) return;
  }
}

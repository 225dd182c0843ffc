/** The content of a registry, in Hono's format. */
export interface StoredTenant {
  readonly id: string;
  readonly alias?: string;
  readonly content: Readonly<Record<string, unknown>>;
}

export interface StoredDevice {
  readonly enabled: boolean;
  readonly via: readonly string[];
  readonly content: Readonly<Record<string, unknown>>;
}

export interface StoredCredentials {
  readonly 'device-id': string;
  readonly type: string;
  readonly 'auth-id': string;
  readonly [field: string]: unknown;
}

export interface Answered {
  readonly status: number;
  readonly cacheControl?: string;
  readonly body?: unknown;
  /** Instead of `body`: these bytes, unchanged. */
  readonly raw?: Uint8Array;
  /** Instead of `status`: any value. */
  readonly rawStatus?: unknown;
}

/** The content of a registry, and the answers of Eclipse Hono's services about it. */
export class StoredRegistry {
  readonly tenants = new Map<string, StoredTenant>();
  /** By tenant and device. */
  readonly devices = new Map<string, StoredDevice>();
  /** By tenant. */
  readonly credentials = new Map<string, StoredCredentials[]>();
  /** For tenants and passwords, in seconds; assertions live for 300 s. */
  maxAge = 180;

  putTenant(id: string, content: Readonly<Record<string, unknown>> = {}, alias?: string): void {
    this.tenants.set(id, { id, content, ...(alias !== undefined && { alias }) });
  }

  putDevice(tenant: string, id: string, facts: Partial<StoredDevice> = {}): void {
    this.devices.set(`${tenant}\n${id}`, { enabled: true, via: [], content: {}, ...facts });
  }

  putCredentials(tenant: string, device: string, ...credentials: readonly object[]): void {
    const others = (this.credentials.get(tenant) ?? []).filter((each) => each['device-id'] !== device);
    const own = credentials.map((each) => Object.assign({ 'device-id': device }, each) as StoredCredentials);
    this.credentials.set(tenant, [...others, ...own]);
  }

  getTenant(query: Readonly<Record<string, unknown>>): Answered {
    const { 'tenant-id': name, 'subject-dn': subject } = query;
    const all = [...this.tenants.values()];
    const found =
      name === undefined
        ? all.filter(({ content }) => trusts(content, subject))
        : [all.find(({ id }) => id === name) ?? all.find(({ alias }) => alias === name)];
    const [tenant] = found;
    if (!tenant || found.length > 1) return { status: 404 };
    return {
      status: 200,
      cacheControl: `max-age = ${this.maxAge}`,
      body: { 'tenant-id': tenant.id, enabled: true, ...tenant.content },
    };
  }

  assertRegistration(tenant: string, device: unknown, gateway: unknown): Answered {
    if (typeof device !== 'string') return { status: 400 };
    const found = this.devices.get(`${tenant}\n${device}`);
    if (!this.tenants.has(tenant) || !found?.enabled) return { status: 404 };
    if (typeof gateway === 'string') {
      if (this.devices.get(`${tenant}\n${gateway}`)?.enabled !== true) return { status: 403 };
      if (!found.via.includes(gateway)) return { status: 403 };
    }
    const via = found.via.length > 0 ? { via: found.via } : {};
    return {
      status: 200,
      cacheControl: 'max-age = 300',
      body: { 'device-id': device, ...via, ...found.content },
    };
  }

  getCredentials(tenant: string, query: Readonly<Record<string, unknown>>): Answered {
    const { type, 'auth-id': authId } = query;
    const found = this.credentials
      .get(tenant)
      ?.find((each) => each.type === type && each['auth-id'] === authId);
    if (!this.tenants.has(tenant) || !found || found['enabled'] === false) return { status: 404 };
    const isKept = type === 'hashed-password' || type === 'x509-cert';
    return {
      status: 200,
      cacheControl: isKept ? `max-age = ${this.maxAge}` : 'no-cache',
      body: found,
    };
  }
}

function trusts(content: Readonly<Record<string, unknown>>, subject: unknown): boolean {
  const anchors = content['trusted-ca'];
  return (
    Array.isArray(anchors) &&
    anchors.some((each: { readonly 'subject-dn'?: unknown }) => each['subject-dn'] === subject)
  );
}

import type { DeviceContent, TenantContent } from './schema.ts';

/** Names that one warning lists. */
const maxShown = 5;

/** Collects entries that work but may be mistakes: one line for each kind, with the first names. */
export interface RegistryWarnings {
  tenant(content: TenantContent): void;
  device(tenant: string, content: DeviceContent): void;
  unknownGateway(tenant: string, device: string, gateway: string): void;
  list(): readonly string[];
}

export function createRegistryWarnings(): RegistryWarnings {
  const limited = createNames();
  const plain = createNames();
  const strangers = createNames();
  return {
    tenant({ 'tenant-id': tenant, 'resource-limits': limits }) {
      if ((limits['max-ttl'] ?? -1) >= 0) limited.add(tenant);
    },
    device(tenant, { 'device-id': device, credentials }) {
      if (credentials.some(hasPlainPassword)) plain.add(`${tenant}/${device}`);
    },
    unknownGateway: (tenant, device, gateway) => strangers.add(`${gateway} of ${tenant}/${device}`),
    list: () => [
      ...limited.told(
        'max-ttl bounds connection events too, and one that is not consumed in time is lost: tenants',
      ),
      ...plain.told('plain passwords are for demonstrations only: devices'),
      ...strangers.told('via names gateways that are no devices yet:'),
    ],
  };
}

function hasPlainPassword({ secrets }: DeviceContent['credentials'][number]): boolean {
  return secrets.some((secret) => 'pwd-plain' in secret && secret['pwd-plain'] !== undefined);
}

interface Names {
  add(name: string): void;
  told(what: string): readonly string[];
}

function createNames(): Names {
  const first: string[] = [];
  let count = 0;
  return {
    add(name) {
      count += 1;
      if (first.length < maxShown) first.push(name);
    },
    told(what) {
      if (count === 0) return [];
      const more = count > first.length ? `, and ${count - first.length} more` : '';
      return [`${what} ${first.join(', ')}${more}`];
    },
  };
}

import type { TenantId } from '@rollcall/core';
import type { AdapterSettings, Tenant, TrustAnchor } from '@rollcall/core/registry';
import { declared } from './pack-device.ts';
import { resourceLimits } from './resource-limits.ts';
import type { TenantContent } from './schema.ts';

type PackedAnchor = Omit<TrustAnchor, 'publicKey'> & { readonly publicKey: string };
type Packed = Omit<Tenant, 'trustAnchors'> & { readonly trustAnchors?: readonly PackedAnchor[] };

/** Packs the fields of a tenant that are looked up into one text. */
export function packTenant(content: TenantContent): string {
  const tenant: Packed = {
    id: content['tenant-id'] as TenantId,
    ...(content.alias !== undefined && { alias: content.alias }),
    enabled: content.enabled,
    defaults: content.defaults,
    limits: resourceLimits(content['resource-limits']),
    ...declared(content.ext),
    ...(content.adapters && { adapters: content.adapters.map(toAdapterSettings) }),
    ...(content['trusted-ca'].length > 0 && { trustAnchors: content['trusted-ca'].map(packAnchor) }),
  };
  return JSON.stringify(tenant);
}

export function unpackTenant(packed: string): Tenant {
  // Only packTenant makes this text, so it is not checked.
  const { trustAnchors, ...tenant } = JSON.parse(packed) as Packed;
  return { ...tenant, ...(trustAnchors && { trustAnchors: trustAnchors.map(unpackAnchor) }) };
}

function packAnchor(anchor: TrustAnchor): PackedAnchor {
  return { ...anchor, publicKey: Buffer.from(anchor.publicKey).toString('base64') };
}

function unpackAnchor(anchor: PackedAnchor): TrustAnchor {
  return { ...anchor, publicKey: Uint8Array.from(Buffer.from(anchor.publicKey, 'base64')) };
}

function toAdapterSettings({
  type,
  enabled,
  ext,
}: NonNullable<TenantContent['adapters']>[number]): AdapterSettings {
  return { type, enabled, ext };
}

import type { Answer, DeviceRegistry, Tenant } from '@rollcall/core/registry';
import type { PresentedCertificate } from './presented-certificate.ts';

/** A label of a host name, and what else a tenant-id may have in its place. DNS allows 63 characters, and a name 253. */
const hostName = /^([A-Za-z0-9_-]{1,63})\.[A-Za-z0-9_.-]{1,251}$/;

/**
 * The tenant that trusts the issuer of a certificate; where that is none, or several, the one that the first label of the server name
 * names (`docs/hono-compatibility.md` §13). Whether that one trusts the issuer, the signature will tell.
 */
export async function tenantOfCertificate(
  { issuerDn }: Pick<PresentedCertificate, 'issuerDn'>,
  serverName: string | undefined,
  registry: Pick<DeviceRegistry, 'getTenantByTrustAnchor' | 'getTenantByName'>,
): Promise<Answer<Tenant>> {
  const answer = await registry.getTenantByTrustAnchor(issuerDn);
  const label = answer.status === 'not-found' ? tenantLabelIn(serverName) : undefined;
  if (label === undefined) return answer;
  const named = await registry.getTenantByName(label);
  // Host names do not mind capitals; aliases have none.
  const small = label.toLowerCase();
  return named.status === 'not-found' && small !== label ? registry.getTenantByName(small) : named;
}

/** The part of a server name that may name a tenant; `undefined` where it is no host name of several labels. */
export function tenantLabelIn(serverName: string | undefined): string | undefined {
  return serverName === undefined ? undefined : hostName.exec(serverName)?.[1];
}

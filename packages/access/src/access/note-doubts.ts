import type { Answer, AssertionAnswer, DeviceRegistry } from '@rollcall/core/registry';

/** The registry: it gives the same answers. `doubtful` is called for each that may have been true only before. */
export function noteDoubts(inner: DeviceRegistry, doubtful: () => void): DeviceRegistry {
  async function noted<Answered extends Answer<unknown> | AssertionAnswer>(
    answered: Promise<Answered>,
  ): Promise<Answered> {
    const answer = await answered;
    if (answer.status === 'found' && answer.doubtful) doubtful();
    return answer;
  }

  return {
    getTenant: (tenant) => noted(inner.getTenant(tenant)),
    getTenantByName: (name) => noted(inner.getTenantByName(name)),
    getTenantByTrustAnchor: (subjectDn) => noted(inner.getTenantByTrustAnchor(subjectDn)),
    getCredentials: (query) => noted(inner.getCredentials(query)),
    assertRegistration: (device, gateway) => noted(inner.assertRegistration(device, gateway)),
    onChange: (listener) => inner.onChange(listener),
    ...(inner.tellsEveryChange && { tellsEveryChange: true }),
    close: () => inner.close(),
  };
}

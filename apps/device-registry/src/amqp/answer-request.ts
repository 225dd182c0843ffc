import type { Identity } from '../auth/identity.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import type { ReceivedRequest } from './read-request.ts';
import type { Resource } from '../auth/resource.ts';
import { failure, type ServiceAnswer } from './service-answer.ts';
import type { RegistryService } from './service-request.ts';

/** The services, by the endpoint of their addresses. */
export type Services = Readonly<Record<string, RegistryService | undefined>>;

const notAllowed = failure(403, 'not authorized to invoke operation');

/**
 * Lets the right service answer a request, if the client may make it. Never rejects.
 *
 * @param failed called with errors that the client did not cause.
 */
export async function answerRequest(
  service: RegistryService,
  resource: Resource,
  { subject, properties, body }: ReceivedRequest,
  { rights }: Pick<Identity, 'rights'>,
  failed: (where: string, error: unknown) => void,
): Promise<ServiceAnswer> {
  const { endpoint, tenant } = resource;
  // A tenant is not known before it was looked up.
  const isLookUp = endpoint === 'tenant';
  if (!isLookUp && !rights.mayInvoke(resource, subject)) return notAllowed;
  try {
    const answer = await service.answer({ tenant, subject, properties, body });
    return isLookUp && !mayLearn(answer, subject, rights) ? notAllowed : answer;
  } catch (error) {
    if (error instanceof StoreUnavailable) return failure(503, 'the registry cannot answer now');
    failed(`amqp: ${endpoint}`, error);
    return failure(500, 'internal error');
  }
}

/** Every client may learn that a tenant does not exist. */
function mayLearn(answer: ServiceAnswer, subject: string, rights: Identity['rights']): boolean {
  if (answer.kind === 'failure' || !answer.body || answer.tenant === undefined) return true;
  return rights.mayInvoke({ endpoint: 'tenant', tenant: answer.tenant }, subject);
}

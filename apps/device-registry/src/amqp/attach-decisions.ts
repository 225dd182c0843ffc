import type { Rights } from '../auth/rights.ts';
import { readResource, type Resource } from '../auth/resource.ts';

/** Why a link is refused (AMQP 1.0 §2.8.15). */
export interface AttachRefusal {
  readonly condition: string;
  readonly description: string;
}

export type AttachDecision =
  | { readonly resource: Resource; readonly address: string }
  | { readonly refusal: AttachRefusal };

export interface AttachContext {
  readonly rights: Rights;
  /** The endpoints of the services. */
  has(endpoint: string): boolean;
}

/** Longer addresses would fill memory and logs. */
const maxAddressLength = 1_024;

/** Whether a client may send requests on a link with this target. @param presettled whether it wants no outcome. */
export function decideRequestLink(
  address: unknown,
  presettled: boolean,
  { rights, has }: AttachContext,
): AttachDecision {
  if (address === undefined || address === null || address === '')
    return refuse('amqp:not-allowed', 'anonymous relay not supported');
  const found = find(address, has);
  if (!found) return noEndpoint;
  if (!rights.mayUse(found.resource, 'WRITE')) return unauthorized;
  if (presettled) return refuse('amqp:precondition-failed', 'endpoint requires AT_LEAST_ONCE QoS');
  return found;
}

/** Whether a client may receive answers on a link with this source. @param isTaken whether another link of the client has it. */
export function decideReplyLink(
  address: unknown,
  isTaken: (address: string) => boolean,
  { rights, has }: AttachContext,
): AttachDecision {
  const found = find(address, has);
  if (!found) return noEndpoint;
  const { resource } = found;
  if (!rights.mayUse(resource, 'READ')) return unauthorized;
  // There is one tenant service for all tenants.
  const isForAnswers = resource.endpoint === 'tenant' ? resource.tenant : resource.rest;
  if (isForAnswers === undefined) {
    const format = resource.endpoint === 'tenant' ? 'tenant' : `${resource.endpoint}/<tenant>`;
    return refuse('amqp:invalid-field', `reply-to address must be ${format}/<reply-address>`);
  }
  return isTaken(found.address)
    ? refuse('amqp:illegal-state', 'reply-to address is already subscribed')
    : found;
}

function find(
  address: unknown,
  has: AttachContext['has'],
): { readonly resource: Resource; readonly address: string } | undefined {
  if (typeof address !== 'string' || address.length > maxAddressLength) return undefined;
  const resource = readResource(address);
  return resource && has(resource.endpoint) ? { resource, address } : undefined;
}

function refuse(condition: string, description: string): AttachDecision {
  return { refusal: { condition, description } };
}

const noEndpoint = refuse('amqp:not-found', 'no such endpoint');
const unauthorized = refuse('amqp:unauthorized-access', 'unauthorized');

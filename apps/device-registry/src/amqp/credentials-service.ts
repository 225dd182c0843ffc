import { isDeepStrictEqual } from 'node:util';
import type { CredentialContent, JsonObject } from '../store/registry-content.ts';
import type { CredentialsFacts, RegistryStore, StoredDevice, StoredTenant } from '../store/registry-store.ts';
import { textIn, unlessEmpty } from './json-fields.ts';
import { normalAuthId } from './normal-auth-id.ts';
import { failure, maxAge, type ServiceFailure, type ServiceResult } from './service-answer.ts';
import { readBody, type RegistryService, type ServiceRequest } from './service-request.ts';

/** The outcome for a device that was not registered. */
export type CertificateOutcome =
  | { readonly status: 'registered'; readonly deviceId: string; readonly credentials: CredentialContent }
  | { readonly status: 'refused'; readonly code: number };

/** Registers devices by the certificate that they present (`docs/registry.md`). Rejects if the store cannot be asked. */
export interface CertificateProvisioning {
  /** @param certificate `client-certificate` of the request, unchanged: Base64 of DER. */
  provision(tenant: StoredTenant, authId: string, certificate: unknown): Promise<CertificateOutcome>;
  /** Sends the event about such a device, unless it was sent before. @returns `sent`, or the status of the answer if that fails. */
  sendEvent(tenant: StoredTenant, device: StoredDevice): Promise<'sent' | number>;
}

export interface CredentialsServiceOptions {
  readonly store: Pick<RegistryStore, 'credentialsBy'>;
  readonly provisioning: CertificateProvisioning;
  /** Seconds that passwords and certificates may be remembered; 0: not at all. Credentials of other types may never be remembered. */
  readonly cacheMaxAgeSeconds: number;
}

interface Asked {
  readonly type: string;
  readonly authId: string;
  /** What else the client knows about the device. */
  readonly context: JsonObject;
}

type Decided = Pick<ServiceResult, 'status' | 'cacheControl' | 'body'>;

/** Types that may be remembered. */
const cachedTypes: ReadonlySet<string> = new Set(['hashed-password', 'x509-cert']);

/** Hono's Credentials API: what a device must prove, by its auth-id. */
export function createCredentialsService(options: CredentialsServiceOptions): RegistryService {
  return {
    async answer(request) {
      if (request.subject !== 'get') return failure(400, 'unsupported operation');
      const asked = askedIn(request);
      if ('kind' in asked) return asked;
      const { tenant } = request;
      if (tenant === undefined) return failure(400, 'request is for no tenant');
      const facts = await options.store.credentialsBy(tenant, asked.type, asked.authId);
      return { kind: 'result', tenant, ...(await decide(options, facts, asked)) };
    },
  };
}

function askedIn({ body }: ServiceRequest): Asked | ServiceFailure {
  const criteria = readBody(body);
  if (criteria === 'malformed') return failure(400, 'request message body contains malformed JSON');
  if (!criteria) return failure(400, 'request has no search criteria');
  const [type, authId, deviceId] = ['type', 'auth-id', 'device-id'].map((name) => textIn(criteria, name));
  if (type === undefined || (authId === undefined) === (deviceId === undefined))
    return failure(400, 'request must have type and auth-id');
  if (authId === undefined) return failure(501, 'credentials are not looked up by device-id');
  const context = Object.entries(criteria).filter(([name]) => name !== 'type' && name !== 'auth-id');
  return { type, authId: normalAuthId(type, authId), context: Object.fromEntries(context) };
}

async function decide(
  { provisioning, cacheMaxAgeSeconds }: CredentialsServiceOptions,
  { tenant, found }: CredentialsFacts,
  { type, authId, context }: Asked,
): Promise<Decided> {
  if (!tenant) return { status: 404 };
  if (found) {
    const { device, credentials } = found;
    // Credentials that are disabled, or that the filter leaves out, exist: they are not created again.
    if (credentials.enabled === false || !isMeant(credentials, context)) return { status: 404 };
    const sent = await provisioning.sendEvent(tenant, device);
    if (sent !== 'sent') return { status: sent };
    const cacheControl = maxAge(cachedTypes.has(type) ? cacheMaxAgeSeconds : 0);
    return { status: 200, cacheControl, body: credentialsObject(device.id, credentials) };
  }
  const certificate = context['client-certificate'];
  if (type !== 'x509-cert' || certificate === undefined || certificate === null) return { status: 404 };
  const made = await provisioning.provision(tenant, authId, certificate);
  return made.status === 'refused'
    ? { status: made.code }
    : { status: 201, body: credentialsObject(made.deviceId, made.credentials) };
}

/** Whether a credential agrees with the client's context in all members that both have. */
function isMeant({ ext = {} }: CredentialContent, context: JsonObject): boolean {
  return Object.entries(context).every(([name, value]) => {
    const recorded = Object.hasOwn(ext, name) ? ext[name] : undefined;
    if (value === null || recorded === undefined || recorded === null) return true;
    return isDeepStrictEqual(recorded, value);
  });
}

/** With all secrets, as in Hono, even those that are disabled or not valid now: adapters check that. */
function credentialsObject(deviceId: string, { ext, ...credentials }: CredentialContent): JsonObject {
  return { ...credentials, ...unlessEmpty('ext', ext), 'device-id': deviceId };
}

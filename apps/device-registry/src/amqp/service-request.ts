import type { JsonObject } from '../store/registry-content.ts';
import { isObject } from './json-fields.ts';
import type { ServiceAnswer } from './service-answer.ts';

/** What a client asks of a service. */
export interface ServiceRequest {
  /** That of the address of its link; absent: the link is for all tenants. */
  readonly tenant: string | undefined;
  /** The operation. */
  readonly subject: string;
  /** Application properties. */
  readonly properties: JsonObject;
  /** The Data section. */
  readonly body: Uint8Array | undefined;
}

/** One of the services that adapters ask. */
export interface RegistryService {
  /** Rejects if the store cannot be asked. */
  answer(request: ServiceRequest): Promise<ServiceAnswer>;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON object in a body; `undefined`: there is no body. */
export function readBody(body: Uint8Array | undefined): JsonObject | 'malformed' | undefined {
  if (!body || body.length === 0) return undefined;
  try {
    const parsed: unknown = JSON.parse(utf8.decode(body));
    return isObject(parsed) ? parsed : 'malformed';
  } catch {
    return 'malformed';
  }
}

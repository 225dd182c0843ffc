import type { JsonObject } from '../store/registry-content.ts';
import { isObject } from './json-fields.ts';
import type { ServiceAnswer } from './service-answer.ts';

/** A request of a client to a service. */
export interface ServiceRequest {
  /** The tenant in the address of the link; absent: the link is for all tenants. */
  readonly tenant: string | undefined;
  /** The operation. */
  readonly subject: string;
  /** Application properties. */
  readonly properties: JsonObject;
  /** The Data section. */
  readonly body: Uint8Array | undefined;
}

/** One of the services for adapters. */
export interface RegistryService {
  /** Rejects if the store is unavailable. */
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

import { StoreUnavailable } from '../../store/store-unavailable.ts';
import { RegistryError } from '../faults/registry-error.ts';

/** The answers to errors of fastify, by their code. Fastify's own texts quote the request, so they are not used. */
const ofFastify: Readonly<Record<string, readonly [number, string]>> = {
  FST_ERR_BAD_URL: [400, 'the path is not well-formed'],
  FST_ERR_MAX_PARAM_LENGTH: [400, 'an id is too long'],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'the body has more bytes than are read'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'the body is not as long as Content-Length says'],
};

/** The answer for an error. Errors that the client did not cause go to `failed`. */
export function errorOf(error: unknown, failed: (error: unknown) => void): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof StoreUnavailable)
    return new RegistryError(503, 'the database cannot be used now', { 'retry-after': '5' });
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(ofFastify, code) ? ofFastify[code] : undefined;
  if (known) return new RegistryError(...known);
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return new RegistryError(400, 'the request cannot be read');
  failed(error);
  return new RegistryError(500, 'something went wrong here');
}

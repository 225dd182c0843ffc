import { StoreUnavailable } from '../store/store-unavailable.ts';
import { Problem, type ProblemKind } from './problem.ts';

/** The kinds of problems that fastify finds in a request, by the code of its error. */
const ofFastify: Readonly<Record<string, ProblemKind>> = {
  FST_ERR_BAD_URL: 'malformed-request',
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed-request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-request',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_TYPE: 'unsupported-media-type',
  FST_ERR_MAX_PARAM_LENGTH: 'malformed-request',
};

/** Texts of a parser quote what the client sent: none of it is given back. */
const details: Partial<Readonly<Record<ProblemKind, string>>> = {
  'malformed-request': 'the path, or the body, is not well-formed',
  'too-large': 'the body has more bytes than are read',
};

/** The problem that the client gets for an error. Errors that the client did not cause go to `failed`. */
export function problemOf(error: unknown, failed: (error: unknown) => void): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof StoreUnavailable)
    return new Problem('unavailable', {
      detail: 'the database cannot be reached',
      headers: { 'retry-after': '5' },
    });
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  const kind =
    (typeof code === 'string' && Object.hasOwn(ofFastify, code) ? ofFastify[code] : undefined) ??
    (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
      ? 'malformed-request'
      : undefined);
  if (kind !== undefined) {
    const detail = details[kind];
    return new Problem(kind, detail === undefined ? {} : { detail });
  }
  failed(error);
  return new Problem('internal');
}

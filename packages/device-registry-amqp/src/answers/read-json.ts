import type { ServiceAnswer } from '../asking/question.ts';

/** A tenant with hundreds of certificates is not as large. */
const maxBytes = 1_048_576;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What a body says, where it is JSON; `undefined`: it is none. A null says nothing, as in Hono. */
export function readJson({ body }: Pick<ServiceAnswer, 'body'>): unknown {
  if (!body || body.length > maxBytes) return undefined;
  return parsedJson(body);
}

/** The same of bytes that are known to be few. */
export function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes), (_name, value: unknown) => (value === null ? undefined : value));
  } catch {
    return undefined;
  }
}

import type { ServiceAnswer } from '../asking/question.ts';

/** A tenant with hundreds of certificates is smaller. */
const maxBytes = 1_048_576;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The value of a JSON body; `undefined`: it is not JSON, or null, which counts as no body, as in Hono. */
export function readJson({ body }: Pick<ServiceAnswer, 'body'>): unknown {
  if (!body || body.length > maxBytes) return undefined;
  return parsedJson(body);
}

/** As `readJson`, for bytes whose length was checked. */
export function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes), (_name, value: unknown) => (value === null ? undefined : value));
  } catch {
    return undefined;
  }
}

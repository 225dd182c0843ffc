import type { PlainLogin } from './identity.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** No name is longer. */
const maxNameBytes = 1_024;

/** Reads a SASL PLAIN response (RFC 4616 §2): `[authzid] NUL authcid NUL passwd`. `undefined`: it is not well-formed. */
export function readPlain(response: Uint8Array | undefined): PlainLogin | undefined {
  if (!response) return undefined;
  const first = response.indexOf(0);
  const second = response.indexOf(0, first + 1);
  if (first < 0 || second <= first + 1 || second > maxNameBytes || response.indexOf(0, second + 1) >= 0)
    return undefined;
  try {
    return {
      authorizationId: utf8.decode(response.subarray(0, first)),
      username: utf8.decode(response.subarray(first + 1, second)),
      password: response.slice(second + 1),
    };
  } catch {
    return undefined;
  }
}

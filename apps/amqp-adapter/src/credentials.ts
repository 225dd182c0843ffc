const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What SASL PLAIN presents (RFC 4616 §2): `[authzid] NUL authcid NUL passwd`; `undefined` where it is none. */
export function readPlain(
  response: Uint8Array | undefined,
): { readonly username: string; readonly password: Uint8Array } | undefined {
  if (!response) return undefined;
  const first = response.indexOf(0);
  const second = response.indexOf(0, first + 1);
  if (first < 0 || second < 0 || response.indexOf(0, second + 1) >= 0) return undefined;
  try {
    const username = utf8.decode(response.subarray(first + 1, second));
    return username === '' ? undefined : { username, password: response.slice(second + 1) };
  } catch {
    return undefined;
  }
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const shortUuid = /^[A-Za-z0-9_-]{22}$/;

/** An id in 22 characters where it is a UUID in lower case, else as it is, without blanks. */
export function shortId(id: string): string {
  if (uuid.test(id)) return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
  return `=${encodeURIComponent(id.toWellFormed())}`;
}

/** The reverse of {@link shortId}; `undefined`: the text is not a short id. */
export function fullId(short: string): string | undefined {
  if (short.startsWith('=')) return decoded(short.slice(1));
  if (!shortUuid.test(short)) return undefined;
  const hex = Buffer.from(short, 'base64url').toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function decoded(text: string): string | undefined {
  try {
    return text === '' ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

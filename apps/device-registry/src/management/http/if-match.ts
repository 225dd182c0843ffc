/**
 * The versions that a request allows to be replaced; `undefined`: any. Hono writes versions without quotation marks, and its clients
 * send them back like that; other clients put them into quotation marks, as HTTP requires (RFC 9110 §13.1.1).
 *
 * @param header the value of `If-Match`.
 */
export function expectedVersions(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return undefined;
  const tags = header.split(',').map((tag) => tag.trim());
  // A weak tag never matches `If-Match`, and no version begins with `W/`.
  return tags.includes('*') ? undefined : tags.map((tag) => /^"(.*)"$/.exec(tag)?.[1] ?? tag);
}

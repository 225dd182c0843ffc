/**
 * The versions of which a request wants one to be in place; `undefined`: any. Hono writes versions without quotation marks, and
 * clients send them as they got them; others put them in quotation marks, as HTTP has it (RFC 9110 §13.1.1).
 *
 * @param header `If-Match`, as it came.
 */
export function expectedVersions(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return undefined;
  const tags = header.split(',').map((tag) => tag.trim());
  // A weak tag never matches here, and no version begins so.
  return tags.includes('*') ? undefined : tags.map((tag) => /^"(.*)"$/.exec(tag)?.[1] ?? tag);
}

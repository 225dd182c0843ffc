/** Longer ids do not fit into addresses, and into the columns of Hono's databases. */
const maxLength = 256;

/**
 * Whether a tenant or a device may have this id. Whatever the pattern allows, a database can keep neither U+0000 nor half of a surrogate
 * pair.
 *
 * @param pattern must match the whole id.
 */
export function isId(id: string, pattern: RegExp): boolean {
  return id.length <= maxLength && pattern.test(id) && id.isWellFormed() && !id.includes('\0');
}

/** Longer ids do not fit into addresses, and into the columns of Hono's databases. */
const maxLength = 256;

/** Whether a tenant or a device may have this id. @param pattern must match the whole id. */
export function isId(id: string, pattern: RegExp): boolean {
  return id.length <= maxLength && pattern.test(id);
}

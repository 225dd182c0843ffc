/** Addresses, and columns of Hono's databases, hold no longer ones. */
const maxLength = 256;

/** Whether a tenant or a device may have this id. @param pattern that a whole id matches. */
export function isId(id: string, pattern: RegExp): boolean {
  return id.length <= maxLength && pattern.test(id);
}

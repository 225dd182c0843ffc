import { isPrintable } from '@rollcall/core/text';

/** Registry keys longer than this are not looked up: no registry has them, and they would fill logs and caches. */
export const maxNameLength = 256;

/** `auth-id@tenant`, split at the first `@`; `undefined` where it is something else, or what no registry has: names are printable. */
export function splitUsername(
  username: string,
): { readonly authId: string; readonly tenant: string } | undefined {
  const at = username.indexOf('@');
  if (at <= 0 || at === username.length - 1 || username.length > 2 * maxNameLength) return undefined;
  if (!isPrintable(username)) return undefined;
  return { authId: username.slice(0, at), tenant: username.slice(at + 1) };
}

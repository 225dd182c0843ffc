import type { CredentialContent } from '../../store/registry-content.ts';

/** Members of secrets that never leave the registry over HTTP. */
const hidden: Readonly<Record<string, ReadonlySet<string>>> = {
  'hashed-password': new Set(['pwd-plain', 'pwd-hash', 'salt', 'hash-function']),
  psk: new Set(['key']),
};

/** Credentials as a client gets them. */
export function shownCredentials(credentials: readonly CredentialContent[]): readonly object[] {
  return credentials.map((each) => {
    const names = Object.hasOwn(hidden, each.type) ? hidden[each.type] : undefined;
    if (!names) return each;
    const secrets = each.secrets.map((secret) =>
      Object.fromEntries(Object.entries(secret).filter(([name]) => !names.has(name))),
    );
    return { ...each, secrets };
  });
}

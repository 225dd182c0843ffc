import type { CredentialContent, SecretContent } from '../../store/registry-content.ts';
import { badRequest } from '../faults/registry-error.ts';
import type { WantedCredential, WantedSecret } from './wanted-credentials.ts';

/** The member without which a secret of each type is incomplete. */
const needed: ReadonlyMap<string, readonly string[]> = new Map([
  ['hashed-password', ['hash-function', 'pwd-hash']],
  ['psk', ['key']],
  ['rpk', ['key', 'algorithm']],
]);

const common: ReadonlySet<string> = new Set(['id', 'enabled', 'not-before', 'not-after', 'comment']);

/**
 * The credentials to store when `wanted` replaces `stored`. A secret with an `id` refers to the stored secret with that id: if it has no
 * key or hash, the stored one is kept. All its other members are replaced.
 *
 * @param wanted passwords in it are hashed already.
 * @throws RegistryError if a secret refers to one that is not stored.
 */
export function mergeCredentials(
  stored: readonly CredentialContent[],
  wanted: readonly WantedCredential[],
  newId: () => string,
): readonly CredentialContent[] {
  const namesSecret = wanted.some(({ secrets }) => secrets.some(({ id }) => id !== undefined));
  if (stored.length === 0 && namesSecret) throw badRequest('no credentials on record for device');
  return completeCredentials(stored, wanted, newId);
}

/** {@link mergeCredentials}, even if nothing is stored and secrets have ids: such credentials come from another registry. */
export function completeCredentials(
  stored: readonly CredentialContent[],
  wanted: readonly WantedCredential[],
  newId: () => string,
): readonly CredentialContent[] {
  return wanted.map((each, index): CredentialContent => {
    const before = stored.find(
      ({ type, 'auth-id': authId }) => type === each.type && authId === each['auth-id'],
    );
    const secrets = each.secrets.map((secret, place) =>
      mergeSecret(each.type, secret, before, `${index}.secrets.${place}`, newId),
    );
    return { ...each, secrets };
  });
}

function mergeSecret(
  type: string,
  secret: WantedSecret,
  before: CredentialContent | undefined,
  where: string,
  newId: () => string,
): SecretContent {
  const { id } = secret;
  const kept = id === undefined ? undefined : before?.secrets.find((each) => each.id === id);
  if (id !== undefined && before && !kept) throw badRequest(`${where}.id: there is no such secret`);
  const merged = kept && isBare(type, secret) ? { ...materialOf(kept), ...secret } : secret;
  const missing = (needed.get(type) ?? []).filter((name) => merged[name] === undefined);
  if (missing.length > 0) throw badRequest(`${where}: needs ${missing.join(' and ')}`);
  return { ...merged, id: id ?? newId() };
}

/** Whether a secret has neither a key nor a hash. */
function isBare(type: string, secret: WantedSecret): boolean {
  const names = Object.hasOwn(needed, type) ? (needed.get(type) ?? []) : Object.keys(secret);
  return names.every((name) => common.has(name) || secret[name] === undefined);
}

function materialOf(secret: SecretContent): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(secret).filter(([name]) => !common.has(name)));
}

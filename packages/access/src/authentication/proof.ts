import { hash } from 'node:crypto';
import type { Timestamp } from '@rollcall/core';
import type { CredentialsType, SecretsByType, TrustAnchor } from '@rollcall/core/registry';

/**
 * Which secret let a device in. It tells that secret apart from any other, and says nothing of it. With the same id and the same
 * hash, or key, it is the same secret, whatever else the registry says of it.
 */
export interface Proof {
  readonly type: CredentialsType;
  readonly authId: string;
  /** See {@link secretKeyOf}. */
  readonly secretKey: string;
  /** Where the secret is with the device. */
  readonly certificate?: CertificateProof;
  /** Where the device signed a token: how long that counts. */
  readonly token?: { readonly notAfter: Timestamp };
}

interface CertificateProof {
  readonly fingerprint: string;
  /** Valid before. */
  readonly notAfter: Timestamp;
  /** Of the trust anchor that vouched for it, see {@link anchorKeyOf}. */
  readonly anchorKey: string;
}

/** Equal for secrets that are the same, and different for any others of the same type. */
export function secretKeyOf<Type extends CredentialsType>(type: Type, secret: SecretsByType[Type]): string {
  const parts = [type, secret.id ?? null, ...materialOf(secret)];
  return hash('sha256', JSON.stringify(parts), 'base64');
}

function materialOf(secret: SecretsByType[CredentialsType]): readonly (string | null)[] {
  if ('key' in secret) return [Buffer.from(secret.key).toString('base64')];
  if ('pwdHash' in secret) return [secret.hashFunction, secret.salt ?? null, secret.pwdHash];
  return [];
}

/** Equal for trust anchors that vouch for the same certificates, and take them for the same devices. */
export function anchorKeyOf({ subjectDn, publicKey, authIdTemplate }: TrustAnchor): string {
  const parts = [subjectDn, Buffer.from(publicKey).toString('base64'), authIdTemplate ?? null];
  return hash('sha256', JSON.stringify(parts), 'base64');
}

/** Equal exactly for those that were let in by the same secret: for map keys. */
export function proofKey({ type, authId, secretKey, certificate, token }: Proof): string {
  const { fingerprint, anchorKey } = certificate ?? {};
  return JSON.stringify([type, authId, secretKey, fingerprint, anchorKey, token?.notAfter]);
}

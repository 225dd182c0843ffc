import type { Duplex } from 'node:stream';
import { readToken, type NamedToken } from '@rollcall/access/credentials';
import { peerCertificate, type PeerCertificate } from '@rollcall/adapter-kit/listening';

/** What a `login` says. */
export interface PasswordCredentials {
  /** `auth-id@tenant`. */
  readonly username: string;
  readonly password: Uint8Array;
}

/** What a device says it is, and how it would prove it. */
export type Presented = PasswordCredentials | NamedToken | PeerCertificate;

/**
 * What a device presents: what its `login` says (a token that names its device stands where a password does) or, where that says
 * nothing, the certificate that it presented to TLS. `undefined`: neither.
 */
export function presentedCredentials(
  said: PasswordCredentials | undefined,
  socket: Duplex,
): Presented | undefined {
  if (said) return readToken(Buffer.from(said.password).toString('latin1'), undefined) ?? said;
  return peerCertificate(socket);
}

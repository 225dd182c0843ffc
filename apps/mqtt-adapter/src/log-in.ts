import type { AuthenticatedDevice, Refusal } from '@rollcall/access';
import type { AdapterHost } from '@rollcall/adapter-kit';
import { peerCertificate, remoteIpOf } from '@rollcall/adapter-kit/listening';
import { presentedCredentials } from './credentials.ts';

/** What a CONNECT says about who sent it. */
export interface Login {
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly clientId: string;
  readonly socket: Parameters<typeof remoteIpOf>[0] & Parameters<typeof peerCertificate>[0];
  /** Whether the device gave up meanwhile: its credentials are not verified then. */
  gone(): boolean;
}

/** Finds out who sent a CONNECT. `nobody`: an anonymous device, which the adapter allows. */
export async function logIn(
  { username, password, clientId, socket, gone }: Login,
  access: AdapterHost['access'],
  { authenticationRequired }: { readonly authenticationRequired: boolean },
): Promise<AuthenticatedDevice | Pick<Refusal, 'reason'> | 'nobody'> {
  const isNameless = username === undefined && password === undefined;
  const presented = isNameless ? peerCertificate(socket) : presentedCredentials(username, password, clientId);
  if (!presented) {
    if (isNameless && !authenticationRequired) return 'nobody';
    access.refused(isNameless ? 'credentials-missing' : 'credentials-malformed', undefined, username);
    return { reason: 'bad-credentials' };
  }
  const result = await access.authenticate({
    ...presented,
    clientContext: { 'client-id': clientId },
    remoteIp: remoteIpOf(socket),
    gone,
  });
  return result.status === 'refused' ? result.refusal : result.identity;
}

import type { Socket } from 'node:net';
import type { HostAccess, AuthenticatedDevice, DeviceLogin, Refusal } from '@rollcall/access';
import { peerCertificate, remoteIpOf } from '@rollcall/adapter-kit/listening';
import type { SaslMechanisms, SaslOutcome } from '@rollcall/rhea-internals/server';
import { refusalConditions } from './device-answers.ts';
import { readPlain } from './credentials.ts';

/** Whom SASL let through. Some are refused only once the connection is open, as in Hono. */
export type LoggedIn =
  | { readonly status: 'device'; readonly identity: AuthenticatedDevice }
  | { readonly status: 'anonymous' }
  | { readonly status: 'refused'; readonly refusal: Refusal };

export interface SaslLoginOptions {
  readonly access: Pick<HostAccess, 'authenticate' | 'refused'>;
  readonly authenticationRequired: boolean;
  /** Whether the device is gone: then nobody has to authenticate it. */
  isLost(): boolean;
  /** It presented credentials: from now on it waits for us. */
  onAsked(): void;
  onLoggedIn(who: LoggedIn): void;
}

/**
 * How a device may log in on this network connection: with a password; with the certificate that it presented to TLS, if it
 * did; without a word where that is enough. First the one that says most.
 */
export function saslMechanisms(
  socket: Socket,
  { access, authenticationRequired, isLost, onAsked, onLoggedIn }: SaslLoginOptions,
): SaslMechanisms {
  const origin = { remoteIp: remoteIpOf(socket), gone: isLost };
  const certificate = peerCertificate(socket);

  async function logIn(login: DeviceLogin): Promise<SaslOutcome> {
    onAsked();
    const result = await access.authenticate(login);
    if (result.status === 'accepted') {
      onLoggedIn({ status: 'device', identity: result.identity });
      return 'ok';
    }
    const { refusal } = result;
    if (refusalConditions[refusal.reason] !== undefined) {
      onLoggedIn({ status: 'refused', refusal });
      return 'ok';
    }
    return refusal.reason === 'bad-credentials' ? 'auth' : 'sys-temp';
  }

  return {
    // The identity that the response asks for counts for nothing: the certificate says who it is (RFC 4422 appendix A).
    ...(certificate && { EXTERNAL: () => logIn({ ...certificate, ...origin }) }),
    async PLAIN(response) {
      const presented = readPlain(response);
      if (presented) return logIn({ ...presented, ...origin });
      access.refused('credentials-malformed');
      return 'auth';
    },
    ...(!authenticationRequired && {
      async ANONYMOUS() {
        onLoggedIn({ status: 'anonymous' });
        return 'ok' as const;
      },
    }),
  };
}

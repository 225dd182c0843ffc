import type { AuthenticatedDevice, HostAccess, Refusal, RefusalReason } from '@rollcall/access';
import type { DtlsServerOptions, Peer } from '@rollcall/dtls';

type Questions = Required<
  Pick<DtlsServerOptions<AuthenticatedDevice>, 'findPsk' | 'verifyCertificate' | 'mayResume'>
>;

/** Answers the questions of a DTLS handshake about a device, from the registry. */
export interface Credentials extends Questions {
  /** The identity that a peer claimed in its latest handshake, proved or not. */
  claimedBy(peer: Peer): string | undefined;
}

/**
 * While the registry cannot be asked, and while the adapter stops, the answers reject: the handshake stays silent, and the device's
 * next try may find an answer.
 */
export function createCredentials(
  access: Pick<HostAccess, 'findPsk' | 'authenticate' | 'reauthorize'>,
  stopping: AbortSignal,
): Credentials {
  const claimed = new WeakMap<Peer, string>();

  return {
    claimedBy: (peer) => claimed.get(peer),
    async findPsk(named, peer) {
      rejectWhile(stopping);
      const identity = named.toString();
      claimed.set(peer, identity);
      const found = await access.findPsk({ identity, remoteIp: peer.address });
      if (found.status === 'refused') {
        rejectIfTemporary(found.refusal);
        return undefined;
      }
      return found.candidates.map(({ key, identity: principal }) => ({ secret: key, principal }));
    },
    async verifyCertificate([certificate], { address }, serverName, x509) {
      rejectWhile(stopping);
      if (!certificate) return undefined;
      const result = await access.authenticate({
        certificate,
        x509,
        serverName,
        remoteIp: address,
        served: 'later',
      });
      if (result.status === 'accepted') return result.identity;
      rejectIfTemporary(result.refusal);
      return undefined;
    },
    async mayResume(device) {
      const result = await access.reauthorize(device);
      if (result.status === 'refused') rejectIfTemporary(result.refusal);
      return result.status === 'accepted';
    },
  };
}

function rejectWhile({ aborted }: AbortSignal): void {
  if (aborted) throw new Error('the adapter stops');
}

const temporary: ReadonlySet<RefusalReason> = new Set(['unavailable', 'busy', 'throttled']);

function rejectIfTemporary({ reason, text }: Refusal): void {
  if (temporary.has(reason)) throw new Error(text);
}

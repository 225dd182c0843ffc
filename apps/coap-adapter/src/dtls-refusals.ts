import type { HostAccess, RefusalReport } from '@rollcall/access';
import type { HostContext } from '@rollcall/adapter-kit';
import type { DropReason, DtlsServerOptions, HandshakeFailure, Peer } from '@rollcall/dtls';

type Handlers = Required<
  Pick<DtlsServerOptions<unknown>, 'onDropped' | 'onHandshakeFailed' | 'onKeysDiffer'>
>;

/** Causes that need no mistake of a client: networks double datagrams, and clients begin again. */
const ordinary: ReadonlySet<DropReason | HandshakeFailure> = new Set(['replayed', 'restarted', 'closing']);

/**
 * Reports what a DTLS server drops, and which handshakes fail.
 *
 * @param nameOf the identity that a peer claimed, if it did.
 */
export function tellOfRefusals(
  { log, refused }: Pick<HostContext, 'log'> & Pick<HostAccess, 'refused'>,
  refusals: RefusalReport,
  nameOf: (peer: Peer) => string | undefined,
): Handlers {
  return {
    onDropped({ address }, reason) {
      if (!ordinary.has(reason)) refusals.refused(reason, address);
    },
    onHandshakeFailed(peer, failure) {
      const { address } = peer;
      log.debug({ remoteIp: address, failure }, 'DTLS handshake failed');
      if (!ordinary.has(failure)) refusals.refused(failure, address);
      if (failure === 'bad-proof') refused('bad-credentials', address, nameOf(peer));
    },
    // At once: otherwise an attacker could guess thousands of keys before the first guess counts.
    onKeysDiffer: (peer) => refused('bad-credentials', peer.address, nameOf(peer)),
  };
}

import type { HostAccess, HostContext, RefusalReport } from '@rollcall/adapter-kit';
import type { DropReason, DtlsServerOptions, HandshakeFailure, Peer } from '@rollcall/dtls';

type Handlers = Required<
  Pick<DtlsServerOptions<unknown>, 'onDropped' | 'onHandshakeFailed' | 'onKeysDiffer'>
>;

/** What happens without anybody's doing wrong: networks double datagrams, and clients begin anew. */
const ordinary: ReadonlySet<DropReason | HandshakeFailure> = new Set(['replayed', 'restarted', 'closing']);

/**
 * Hands on what a DTLS server drops, and whom it does not let in.
 *
 * @param nameOf whom a peer said to be, where it did.
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
    // At once: else somebody had thousands of guesses before the first one counts.
    onKeysDiffer: (peer) => refused('bad-credentials', peer.address, nameOf(peer)),
  };
}

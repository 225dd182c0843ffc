import type { CoapEndpoint } from '@rollcall/coap';
import type { Association, Peer } from '@rollcall/dtls';

/**
 * Follows a device to another address once it has answered a CoAP ping there, whose message id cannot be guessed (RFC 9146 §6). An
 * attacker who relays datagrams of the device gets none of its answers.
 *
 * @param candidate where the newest data of the association came from; `undefined`: from its own address again.
 */
export function followAddress<A extends Association<unknown>>(
  coap: Pick<CoapEndpoint<A>, 'probePath' | 'endProbe'>,
  association: A,
  candidate: Peer | undefined,
): void {
  if (candidate === undefined) {
    coap.endProbe(association);
    return;
  }
  coap.probePath(association, candidate, {
    send: (datagram) => void association.sendToCandidate(candidate, datagram),
    confirmed: () => void association.confirmPeer(candidate),
  });
}

/** The path for `CoapEndpoint.receive`: `undefined` where the datagram came from the device's own address. */
export function pathOf(association: Association<unknown>, from: Peer): Peer | undefined {
  return from === association.peer ? undefined : from;
}

import { ServerResponse, type IncomingMessage } from 'node:http';
import { callForPeer, peerBeingServed } from './served-peer.ts';

type Event = Parameters<ServerResponse['emit']>;

/**
 * A response of HTTP, made while its connection is served: exceptions of its listeners cost its peer this connection. When a response
 * is sent, Node.js begins the next one, beside all that it reports. A class, because a socket's way of containment
 * ({@link containSocket}) would make five functions for each request.
 */
export class ContainedResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  readonly #peer = peerBeingServed();

  override emit(...event: Event): boolean {
    return this.#peer ? (callForPeer(this.#peer, emitOf, [this, event]) ?? false) : emitOf(this, event);
  }
}

function emitOf(response: ServerResponse, event: Event): boolean {
  return ServerResponse.prototype.emit.apply(response, event);
}

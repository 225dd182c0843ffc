import { noBytes } from '../wire/coap-message.ts';
import { emptyMessage, encodeMessage } from '../wire/encode-message.ts';
import type { ActiveRequest } from './active-request.ts';
import type { CoapClock } from './coap-clock.ts';
import type { CoapResponse } from './coap-request.ts';
import { createDeadline, type Deadlines } from './deadlines.ts';
import { isUnanswered, type Exchange } from './exchange.ts';
import type { ExchangeTable } from './exchange-table.ts';
import type { PathProbes } from './path-probes.ts';
import { takeMessageId, type PeerTable } from './peer-table.ts';
import type { SeparateResponses } from './separate-responses.ts';

export interface AnswerSenderOptions<Peer> {
  readonly clock: CoapClock;
  readonly deadlines: Deadlines;
  readonly peers: PeerTable<Peer>;
  readonly exchanges: ExchangeTable<Peer>;
  readonly responses: SeparateResponses<Peer>;
  readonly paths: PathProbes<Peer>;
  readonly send: (datagram: Buffer, peer: Peer) => void;
}

/** Sends acknowledgements and answers, each in the message that the phase of its exchange asks for (RFC 7252 §5.2). */
export class AnswerSender<Peer> {
  readonly #options: AnswerSenderOptions<Peer>;

  constructor(options: AnswerSenderOptions<Peer>) {
    this.#options = options;
  }

  /** Sends now or, if the request came by a path that is being probed, when the probe has ended. */
  send(datagram: Buffer, peer: Peer, path: unknown): void {
    const { paths, peers, send } = this.#options;
    if (path === undefined || !paths.hold(peers.find(peer), path, () => send(datagram, peer)))
      send(datagram, peer);
  }

  /** Acknowledges a request alone if its answer takes longer than `ackAfterMs`. */
  acknowledgeInTime(exchange: Exchange<Peer>, active: ActiveRequest<Peer>, now: number): void {
    const { deadlines } = this.#options;
    if (!exchange.confirmable || exchange.phase !== 'pending') return;
    if (active.acknowledgement) deadlines.clear(active.acknowledgement);
    if (active.ackAfterMs < 0) return;
    const dueAt = active.receivedAt + active.ackAfterMs;
    if (dueAt <= now) {
      this.#acknowledge(exchange, active);
      return;
    }
    active.acknowledgement ??= createDeadline(() => this.#acknowledge(exchange, active));
    deadlines.set(active.acknowledgement, dueAt);
  }

  /**
   * The datagram that answers a request.
   *
   * @throws RangeError if no CoAP message can carry the response.
   */
  compose(exchange: Exchange<Peer>, active: ActiveRequest<Peer>, response: CoapResponse): Buffer {
    const { confirmable, phase, peer } = exchange;
    const isPiggybacked = confirmable && phase !== 'acknowledged';
    const alone = confirmable ? 'CON' : 'NON';
    return encodeMessage({
      type: isPiggybacked ? 'ACK' : alone,
      code: response.code,
      id: isPiggybacked ? exchange.id : takeMessageId(peer),
      token: active.request.token,
      options: response.options ?? [],
      payload: response.payload ?? noBytes,
    });
  }

  /** Ends the exchange with what `compose` made. */
  deliver(exchange: Exchange<Peer>, active: ActiveRequest<Peer>, datagram: Buffer): void {
    const { deadlines, exchanges } = this.#options;
    const { peer, confirmable, phase } = exchange;
    if (active.acknowledgement) deadlines.clear(active.acknowledgement);
    if (phase === 'acknowledged') {
      // A copy of the request is acknowledged again; the answer is sent again until it is acknowledged itself.
      this.#sendSeparately(exchange, active, datagram);
      exchanges.answered(exchange, exchange.repeat);
      return;
    }
    exchanges.answered(exchange, confirmable ? datagram.toString('latin1') : '');
    this.send(datagram, peer.peer, active.path);
  }

  #sendSeparately(
    { peer }: Exchange<Peer>,
    { path, budgetBytes }: ActiveRequest<Peer>,
    datagram: Buffer,
  ): void {
    const { clock, paths, peers, responses } = this.#options;
    const id = datagram.readUInt16BE(2);
    const send = (): void => responses.send(peer, id, datagram, budgetBytes, clock.monotonic());
    if (path === undefined || !paths.hold(peers.find(peer.peer), path, send)) send();
  }

  #acknowledge(exchange: Exchange<Peer>, active: ActiveRequest<Peer>): void {
    if (!isUnanswered(exchange)) return;
    const ack = emptyMessage('ACK', exchange.id);
    this.#options.exchanges.acknowledged(exchange, ack.toString('latin1'));
    this.send(ack, exchange.peer.peer, active.path);
  }
}

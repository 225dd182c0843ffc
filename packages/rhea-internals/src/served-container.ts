import { servePeer, type ServedPeer } from '@rollcall/containment';
import rhea from 'rhea';
import { boundDispositions } from './bound-dispositions.ts';
import { containWrites } from './contain-writes.ts';
import { internalsOf } from './internals-of.ts';
import { silence } from './silence.ts';

/** What a peer is told of its bounds when its connection opens. */
export interface ServedBounds {
  readonly maxFrameBytes: number;
  readonly maxMessageBytes: number;
  readonly maxSessions: number;
  /** Of a session. */
  readonly maxLinks: number;
  /** Silence after which a peer counts as gone. It is told half of it (AMQP 1.0 §2.4.5). */
  readonly idleTimeoutMs: number;
}

/** A connection that was accepted: who serves it, and whom it costs what serving it throws. */
interface Accepted<Server> {
  readonly server: Server;
  readonly peer: ServedPeer;
}

/**
 * One container for all connections that are accepted. What rhea reports to it goes to whoever serves the connection that it is about.
 * What that throws costs the peer its connection, and no other: rhea would take it for a fault of the peer.
 */
export class ServedContainer<Server> {
  readonly #container: rhea.Container;
  readonly #id: string;
  readonly #accepted = new WeakMap<rhea.Connection, Accepted<Server>>();

  /** @param id that peers are told. */
  constructor(id: string, { maxLinks }: Pick<ServedBounds, 'maxLinks'>) {
    this.#id = id;
    this.#container = rhea.create_container({ id });
    this.on('session_open', (_server, { session }) => {
      if (session) internalsOf(session).local.begin.handle_max = maxLinks - 1;
    });
    silence(this.#container);
    boundDispositions();
  }

  on(event: string, tell: (server: Server, context: rhea.EventContext) => unknown): void {
    this.#container.on(event, (context: rhea.EventContext) => {
      const accepted = this.#accepted.get(context.connection);
      if (accepted) servePeer(accepted.peer, () => void tell(accepted.server, context));
    });
  }

  /**
   * Makes a connection without a socket: SASL, which is different for each, hands it one. No message is accepted, and no credit given,
   * unless whoever serves it does.
   *
   * @param serve makes who serves it.
   */
  accept(
    peer: ServedPeer,
    { offeredCapabilities, ...bounds }: ServedBounds & { readonly offeredCapabilities?: readonly string[] },
    serve: (connection: rhea.Connection) => Server,
  ): Server {
    const connection = internalsOf(this.#container).create_connection({
      container_id: this.#id,
      disable_sasl: true,
      max_frame_size: bounds.maxFrameBytes,
      idle_time_out: bounds.idleTimeoutMs / 2,
      channel_max: bounds.maxSessions - 1,
      ...(offeredCapabilities && { offered_capabilities: offeredCapabilities }),
      receiver_options: { credit_window: 0, autoaccept: false, max_message_size: bounds.maxMessageBytes },
    });
    containWrites(connection, peer);
    const server = serve(connection);
    this.#accepted.set(connection, { server, peer });
    return server;
  }
}

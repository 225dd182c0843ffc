import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HostContext, ListenAddress, RunningProtocol } from '../protocol-adapter.ts';
import { AcceptQueue } from '../arrival/accept-queue.ts';
import { outliveFailedWrites } from '../arrival/outlive-failed-writes.ts';
import { bind } from './bind.ts';
import { followPair } from './follow-pair.ts';
import type { Listener, Listeners } from './listener-options.ts';
import { createPendingSockets, type PendingSockets, type SocketPlace } from '../peers/pending-sockets.ts';
import { createArrivals, type Arrivals } from './proxy-protocol/arrivals.ts';
import { standForSame } from '../peers/peer-address.ts';
import { TlsHandshakes } from './tls-handshakes.ts';
import { openFilesLimit, placesWithin } from './open-files.ts';

export interface SocketServerOptions {
  /** E.g. `mqtt`; over TLS an `s` follows. */
  readonly scheme: string;
  readonly listeners: Listeners;
  /** Time until the first byte of a TLS handshake, and time that it may take then; also that of a header of the PROXY protocol. */
  readonly handshakeTimeoutMs: number;
  /** Network connections that have not been accepted yet, at most; those whose TLS handshake runs are among them. */
  readonly maxPendingSockets: number;
  /** TLS handshakes under way, at most; default 500. */
  readonly maxHandshakes?: number;
  /** Whether a peer that closed its side still gets answers. */
  readonly allowHalfOpen?: boolean;
  /** What becomes of connections that are not accepted when the adapter stops: they are cut (default), or left to `serve`. */
  readonly pendingAtStop?: 'cut' | 'leave';
  readonly context: Pick<HostContext, 'clock' | 'log' | 'metrics' | 'failed' | 'turnedAway' | 'portFor'> &
    Partial<Pick<HostContext, 'followFiles'>>;
  /** A network connection is there. Its place says how much it is worth until it is accepted. */
  serve(socket: Socket, place: SocketPlace): void;
}

/** Turns of the event loop that sockets get to send what was written to them last, and to close. */
const lingerTurns = 10;
/** What is read of a connection before its TLS handshake begins: more waits in the operating system. */
const bytesBeforeTls = 32_768;
const defaultMaxHandshakes = 500;

/**
 * Listens for devices on TCP, with and without TLS. Peers that have not said who they are have a bounded number of places: where
 * none is left, the block of addresses with most of them loses its oldest.
 *
 * @throws TransportError where a port cannot be had.
 */
export async function listenForSockets(options: SocketServerOptions): Promise<RunningProtocol> {
  const server = new SocketServer(options);
  try {
    await server.listenPlain();
    await server.listenTls();
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    listening: server.listening,
    stopAccepting: async () => server.stopAccepting(),
    close: () => server.close(),
  };
}

class SocketServer {
  readonly listening: ListenAddress[] = [];
  readonly #options: SocketServerOptions;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #pending: PendingSockets;
  readonly #arrivals: Arrivals;
  #phase: 'accepting' | 'stopping' = 'accepting';

  constructor(options: SocketServerOptions) {
    const { context, listeners } = options;
    this.#options = options;
    this.#pending = createPendingSockets({ max: placesOf(options), turnedAway: context.turnedAway });
    this.#arrivals = createArrivals({
      pending: this.#pending,
      balancers: listeners.balancers,
      headerTimeoutMs: options.handshakeTimeoutMs,
      context,
    });
  }

  async listenPlain(): Promise<void> {
    const { scheme, listeners, allowHalfOpen = false } = this.#options;
    if (!listeners.plain) return;
    await this.#listen(createServer({ allowHalfOpen }), scheme, listeners.plain, (socket, place) =>
      this.#accept(socket, place),
    );
  }

  async listenTls(): Promise<void> {
    const { listeners, context, allowHalfOpen = false } = this.#options;
    const listener = listeners.tls;
    if (!listener) return;
    const scheme = `${this.#options.scheme}s`;
    const handshakes = new TlsHandshakes({
      listener,
      timeoutMs: this.#options.handshakeTimeoutMs,
      max: this.#options.maxHandshakes ?? defaultMaxHandshakes,
      scheme,
      context,
    });
    followPair(scheme, listener, context, (pair) => handshakes.use(pair));
    const server = createServer({ allowHalfOpen, highWaterMark: bytesBeforeTls });
    await this.#listen(server, scheme, listener, (socket, place) =>
      handshakes.begin(socket, (secure) => {
        standForSame(secure, socket);
        this.#accept(secure, place);
      }),
    );
  }

  stopAccepting(): void {
    this.#phase = 'stopping';
    for (const server of this.#servers) server.close();
    this.#arrivals.stop();
    if (this.#options.pendingAtStop !== 'leave') this.#pending.destroyAll();
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    for (let turn = 0; turn < lingerTurns && this.#sockets.size > 0; turn++) await nextTurn();
    const open = [...this.#sockets];
    for (const socket of open) socket.destroy();
    await Promise.all(open.map((socket) => new Promise((closed) => socket.once('close', closed))));
  }

  async #listen(
    server: Server,
    scheme: string,
    listener: Listener,
    serve: SocketServerOptions['serve'],
  ): Promise<void> {
    const queue = new AcceptQueue(this.#options.context.clock);
    server.on('connection', (socket: Socket) => {
      queue.accepted(socket);
      this.#arrive(socket, serve);
    });
    this.#servers.push(server);
    this.listening.push(await bind(server, scheme, listener, this.#options.context));
  }

  #arrive(socket: Socket, serve: SocketServerOptions['serve']): void {
    if (this.#phase === 'stopping') {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    this.#arrivals.arrive(socket, (place) => {
      if (this.#phase === 'stopping') socket.destroy();
      else serve(socket, place);
    });
  }

  #accept(socket: Socket, place: SocketPlace): void {
    socket.setNoDelay(true);
    outliveFailedWrites(socket, this.#options.context.clock);
    this.#options.serve(socket, place);
  }
}

function placesOf({ scheme, maxPendingSockets, context }: SocketServerOptions): number {
  const max = placesWithin(maxPendingSockets, openFilesLimit());
  if (max < maxPendingSockets)
    context.log.info(
      { scheme, places: max },
      'the system lets this process have few files open: so many connections may wait for their login',
    );
  return max;
}

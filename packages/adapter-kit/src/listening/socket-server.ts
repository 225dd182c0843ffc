import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HostContext, ListenAddress, RunningProtocol } from '../protocol-adapter.ts';
import { outliveFailedWrites } from '../arrival/outlive-failed-writes.ts';
import { bind } from './bind.ts';
import { followPair } from './follow-pair.ts';
import type { Listener, Listeners } from './listener-options.ts';
import { createPendingSockets, type SocketPlace } from '../peers/pending-sockets.ts';
import { createArrivals } from './proxy-protocol/arrivals.ts';
import { standForSame } from '../peers/peer-address.ts';
import { createTlsHandshakes } from './tls-handshakes.ts';
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
  readonly context: Pick<HostContext, 'clock' | 'log' | 'metrics' | 'failed' | 'turnedAway'> &
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
  const { scheme, listeners, context } = options;
  const sockets = new Set<Socket>();
  const max = placesWithin(options.maxPendingSockets, openFilesLimit());
  if (max < options.maxPendingSockets)
    context.log.info(
      { scheme, places: max },
      'the system lets this process have few files open: so many connections may wait for their login',
    );
  const pending = createPendingSockets({ max, turnedAway: context.turnedAway });
  const servers: Server[] = [];
  const listening: ListenAddress[] = [];
  const arrivals = createArrivals({
    pending,
    balancers: listeners.balancers,
    headerTimeoutMs: options.handshakeTimeoutMs,
    context,
  });
  let stopping = false;

  function arrive(socket: Socket, serve: SocketServerOptions['serve']): void {
    if (stopping) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    arrivals.arrive(socket, (place) => (stopping ? socket.destroy() : serve(socket, place)));
  }

  function accept(socket: Socket, place: SocketPlace): void {
    socket.setNoDelay(true);
    outliveFailedWrites(socket, context.clock);
    options.serve(socket, place);
  }

  async function listen(
    server: Server,
    itsScheme: string,
    listener: Listener,
    serve: SocketServerOptions['serve'],
  ): Promise<void> {
    server.on('connection', (socket: Socket) => arrive(socket, serve));
    servers.push(server);
    listening.push(await bind(server, itsScheme, listener, context));
  }

  async function close(): Promise<void> {
    for (const server of servers) server.close();
    for (let turn = 0; turn < lingerTurns && sockets.size > 0; turn++) await nextTurn();
    const open = [...sockets];
    for (const socket of open) socket.destroy();
    await Promise.all(open.map((socket) => new Promise((closed) => socket.once('close', closed))));
  }

  try {
    const { allowHalfOpen = false } = options;
    if (listeners.plain) await listen(createServer({ allowHalfOpen }), scheme, listeners.plain, accept);
    if (listeners.tls) {
      const handshakes = createTlsHandshakes({
        listener: listeners.tls,
        timeoutMs: options.handshakeTimeoutMs,
        max: options.maxHandshakes ?? defaultMaxHandshakes,
        scheme: `${scheme}s`,
        context,
      });
      followPair(`${scheme}s`, listeners.tls, context, handshakes.use);
      await listen(
        createServer({ allowHalfOpen, highWaterMark: bytesBeforeTls }),
        `${scheme}s`,
        listeners.tls,
        (socket, place) =>
          handshakes.begin(socket, (secure) => {
            standForSame(secure, socket);
            accept(secure, place);
          }),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }

  return {
    listening,
    async stopAccepting() {
      stopping = true;
      for (const server of servers) server.close();
      arrivals.stop();
      if (options.pendingAtStop !== 'leave') pending.destroyAll();
    },
    close,
  };
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { tlsServerOptions, type TlsListener } from '@rollcall/adapter-kit/internal';
import { bind, boundRequests, warnOfBlockedPort } from '@rollcall/adapter-kit/listening';
import { boundConnections } from '@rollcall/adapter-process/internal';
import { later, type Clock, type Log } from '@rollcall/core/environment';
import type { PemPair } from '@rollcall/file-follower/pem';
import { boundHandshakes } from './bound-handshakes.ts';

export interface ListenOptions {
  readonly name: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls?: TlsListener;
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly log: Log;
  failed(where: string, error: unknown): void;
  turnedAway(cause: 'pending' | 'handshake', remoteIp: string): void;
}

export interface Listening {
  readonly port: number;
  /** Uses this certificate for new connections. */
  use(pair: PemPair): void;
  /** Resolves once all earlier requests are answered. */
  stopAccepting(): Promise<void>;
  close(): Promise<void>;
}

const maxHeaderBytes = 16_384;
/** How long a request may take to arrive. */
const requestWithinMs = 15_000;
const handshakeWithinMs = 5_000;
const maxHandshakes = 500;
/** After how long without a request a connection is closed. */
const idleMs = 60_000;
/** How long a client may take to read an answer. Streams of events have their own rule. */
const readWithinMs = 60_000;

/** A server within bounds, without a handler. */
export function createBoundedServer(
  { tls, maxConnections, clock, turnedAway }: ListenOptions,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): Server | TlsServer {
  const bounds = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: requestWithinMs,
    requestTimeout: requestWithinMs,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: idleMs,
    noDelay: true,
  };
  const server = tls
    ? createTlsServer({
        ...bounds,
        ...tlsServerOptions(tls, handshakeWithinMs),
        // Clients have tokens, not certificates.
        requestCert: false,
      })
    : createServer(bounds);
  server.maxHeadersCount = 100;
  server.setTimeout(idleMs);
  const bounded = (request: IncomingMessage, response: ServerResponse): void => {
    boundReading(response, clock);
    serve(request, response);
  };
  boundRequests(server, bounded);
  const arrival = tls ? 'secureConnection' : 'connection';
  boundConnections(server, maxConnections, (remoteIp) => turnedAway('pending', remoteIp), arrival);
  if ('setSecureContext' in server)
    boundHandshakes(server, maxHandshakes, (remoteIp) => turnedAway('handshake', remoteIp));
  // Errors are handled where the connection is served. Without a listener here, one would end the process.
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  return server;
}

/** @throws TransportError if the port cannot be bound. */
export async function listen(
  server: Server | TlsServer,
  { name, host, port, tls, log, failed }: ListenOptions,
): Promise<Listening> {
  const bound = await bind(server, name, { host, port }, { log, failed });
  warnOfBlockedPort(log, name, bound.port);
  return {
    port: bound.port,
    use(pair) {
      if (tls && 'setSecureContext' in server)
        server.setSecureContext(tlsServerOptions({ ...tls, ...pair }, handshakeWithinMs));
    },
    stopAccepting: () => new Promise((resolve) => server.close(() => resolve())),
    async close() {
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function boundReading(response: ServerResponse, clock: Clock): void {
  let disarm = (): void => {};
  response.once('close', () => disarm());
  // Counted from the end of the answer: the client must not pay for a slow database.
  response.once('prefinish', () => {
    if (!response.writableFinished)
      disarm = clock.at(later(clock.monotonic(), readWithinMs), () => response.destroy());
  });
}

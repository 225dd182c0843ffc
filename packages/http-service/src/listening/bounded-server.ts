import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { tlsServerOptions, type TlsListener } from '@rollcall/adapter-kit/internal';
import { bind, boundRequests } from '@rollcall/adapter-kit/listening';
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
  /** Shows this certificate from now on. */
  use(pair: PemPair): void;
  /** Resolves once all that was asked before is answered. */
  stopAccepting(): Promise<void>;
  close(): Promise<void>;
}

const maxHeaderBytes = 16_384;
/** A request that has not arrived by then is given up. */
const requestWithinMs = 15_000;
const handshakeWithinMs = 5_000;
const maxHandshakes = 500;
/** A connection that asks nothing is closed. */
const idleMs = 60_000;
/** An answer that was not read by then is given up; streams of events have their own rule. */
const readWithinMs = 60_000;

/** A server within bounds; nothing is served by it yet. */
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
        // Those who ask have tokens.
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
  // Each is told its error where it is served; without a listener it would end the process.
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  return server;
}

/** @throws TransportError where the port cannot be bound. */
export async function listen(
  server: Server | TlsServer,
  { name, host, port, tls, log, failed }: ListenOptions,
): Promise<Listening> {
  const bound = await bind(server, name, { host, port }, { log, failed });
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
  // From the end of the answer on: how long the database takes is not the reader's fault.
  response.once('prefinish', () => {
    if (!response.writableFinished)
      disarm = clock.at(later(clock.monotonic(), readWithinMs), () => response.destroy());
  });
}

import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import type { AdapterHost, ListenAddress, RunningProtocol } from '../protocol-adapter.ts';
import { bind } from './bind.ts';
import type { Listeners, TlsListener } from './listener-options.ts';
import { peerAddress } from './peer-address.ts';
import { tlsServerOptions } from './tls-server-options.ts';

export interface SocketServerOptions {
  /** E.g. `mqtt`; over TLS an `s` follows. */
  readonly scheme: string;
  readonly listeners: Listeners;
  readonly handshakeTimeoutMs: number;
  /** Network connections that have not been accepted yet, at most; those whose TLS handshake runs are among them. */
  readonly maxPendingSockets: number;
  readonly host: Pick<AdapterHost, 'log' | 'failed'>;
  /** A network connection is there. `accepted` is to be called once it is known who it is. */
  serve(socket: Socket, accepted: () => void): void;
}

/** Turns of the event loop that sockets get to send what was written to them last, and to close. */
const lingerTurns = 10;

/**
 * Listens for devices on TCP, with and without TLS. Whoever comes while too many have not said who they are is closed at once.
 *
 * @throws TransportError where a port cannot be had.
 */
export async function listenForSockets(options: SocketServerOptions): Promise<RunningProtocol> {
  const { scheme, listeners, host } = options;
  const sockets = new Set<Socket>();
  /** Network connections that have not been accepted. */
  const pending = new Set<Socket>();
  /** Those whose TLS handshake runs, by the peer's address: what it ends with is another socket. */
  const handshaking = new Map<string, Socket>();
  const servers: Server[] = [];
  const listening: ListenAddress[] = [];
  let stopping = false;

  const full = (): boolean => stopping || pending.size + handshaking.size >= options.maxPendingSockets;

  function shakeHands(socket: Socket): void {
    const peer = peerAddress(socket);
    if (peer === undefined || full()) {
      socket.destroy();
      return;
    }
    handshaking.set(peer, socket);
    socket.once('close', () => handshaking.delete(peer));
  }

  function accept(socket: Socket): void {
    handshaking.delete(peerAddress(socket) ?? '');
    if (full()) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    pending.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      pending.delete(socket);
    });
    socket.setNoDelay(true);
    options.serve(socket, () => pending.delete(socket));
  }

  function createSecureServer(listener: TlsListener): Server {
    const server = createTlsServer(tlsServerOptions(listener, options.handshakeTimeoutMs), accept);
    server.on('connection', shakeHands);
    server.on('tlsClientError', (error, socket) => {
      host.log.debug({ cause: error.message }, 'TLS handshake failed');
      // One that took too long is told of, and left open.
      socket.destroy();
    });
    return server;
  }

  async function close(): Promise<void> {
    for (const server of servers) server.close();
    for (let turn = 0; turn < lingerTurns && sockets.size > 0; turn++) await nextTurn();
    const open = [...sockets];
    for (const socket of open) socket.destroy();
    await Promise.all(open.map((socket) => new Promise((closed) => socket.once('close', closed))));
  }

  try {
    if (listeners.plain) {
      const server = createServer(accept);
      servers.push(server);
      listening.push(await bind(server, scheme, listeners.plain, host));
    }
    if (listeners.tls) {
      const server = createSecureServer(listeners.tls);
      servers.push(server);
      listening.push(await bind(server, `${scheme}s`, listeners.tls, host));
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
      for (const socket of [...pending, ...handshaking.values()]) socket.destroy();
    },
    close,
  };
}

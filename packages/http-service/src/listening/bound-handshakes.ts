import type { Server, TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { endsOf } from '@rollcall/adapter-kit/internal';
import { remoteIpOf } from '@rollcall/adapter-kit/listening';
import { createPlaces } from '@rollcall/core/sharing';

interface Handshake {
  readonly socket: Socket;
  readonly remoteIp: string;
}

/**
 * Limits unfinished TLS handshakes: beyond `max`, the oldest one of the address with most of them is closed. Otherwise peers that begin
 * a handshake and send no more would keep all others out. This is for servers of libraries that read their sockets themselves; sockets
 * of the kit wait for their turn (`TlsHandshakes`).
 */
export function boundHandshakes(server: Server, max: number, turnedAway: (remoteIp: string) => void): void {
  const places = createPlaces<Handshake>({ max });
  /** By the addresses and ports of both ends. */
  const underWay = new Map<string, Handshake>();

  function over(ends: string, handshake: Handshake): void {
    places.free(handshake);
    if (underWay.get(ends) === handshake) underWay.delete(ends);
  }

  server.on('connection', (socket: Socket) => {
    const handshake = { socket, remoteIp: remoteIpOf(socket) };
    const ends = endsOf(socket);
    underWay.set(ends, handshake);
    socket.once('close', () => over(ends, handshake));
    const loser = places.take(handshake, handshake.remoteIp);
    if (!loser) return;
    turnedAway(loser.remoteIp);
    loser.socket.destroy();
  });
  server.on('secureConnection', (secure: TLSSocket) => {
    const ends = endsOf(secure);
    const handshake = underWay.get(ends);
    if (handshake) over(ends, handshake);
  });
}

import type { Server, ServerResponse, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { createPlaces } from '@rollcall/core/sharing';
import { remoteIpOf } from '@rollcall/adapter-kit/listening';

/**
 * Keeps an HTTP server open for the next peer: where it has `max` connections, one that asks nothing gives way, the oldest of
 * the address that has most of them.
 *
 * @param arrival of connections: over TLS, once the handshake is done.
 */
export function boundConnections(
  server: Server,
  max: number,
  turnedAway: (remoteIp: string) => void,
  arrival: 'connection' | 'secureConnection' = 'connection',
): void {
  const places = createPlaces<Socket>({ max });
  const addresses = new WeakMap<Socket, string>();

  server.on(arrival, (socket: Socket) => {
    const remoteIp = remoteIpOf(socket);
    addresses.set(socket, remoteIp);
    const loser = places.take(socket, remoteIp);
    if (loser) {
      turnedAway(addresses.get(loser) ?? '');
      loser.destroy();
    }
    socket.once('close', () => places.free(socket));
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    places.stand(socket, 'busy');
    response.once('close', () => places.stand(socket, 'silent'));
  });
}

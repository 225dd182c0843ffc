import { createSocket, type RemoteInfo } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { ListenAddress, Listener } from '@rollcall/adapter-kit';
import { TransportError, type Log } from '@rollcall/core';

export interface UdpPeer {
  readonly address: string;
  readonly port: number;
}

export interface UdpSocket {
  readonly listening: ListenAddress;
  /** What cannot be sent is lost, as on the way. */
  send(datagram: Uint8Array, peer: UdpPeer): void;
  close(): void;
}

/** Room for what arrives while the event loop is busy; the system grants what it is configured to at most. */
const bufferBytes = 4_194_304;

/**
 * Binds a UDP socket.
 *
 * @throws TransportError where the port cannot be had.
 */
export async function bindUdp(
  scheme: string,
  { host, port }: Listener,
  log: Log,
  receive: (datagram: Buffer, peer: RemoteInfo) => void,
): Promise<UdpSocket> {
  const cannotBind = (error: unknown): TransportError => {
    const { code } = error as NodeJS.ErrnoException;
    return new TransportError(`${scheme} port ${host}:${port} cannot be bound: ${code}`, { cause: error });
  };
  const own = await lookup(host).catch((error: unknown) => Promise.reject(cannotBind(error)));
  const socket = createSocket({
    type: own.family === 6 ? 'udp6' : 'udp4',
    recvBufferSize: bufferBytes,
    sendBufferSize: bufferBytes,
    lookup: addressesOnly,
  });
  socket.on('message', receive);
  // It may listen before `bind` returns: addresses are looked up at once.
  const listening = once(socket, 'listening');
  socket.bind({ address: own.address, port });
  try {
    await listening;
  } catch (error) {
    throw cannotBind(error);
  }
  socket.on('error', (error) => log.debug({ scheme, cause: error.message }, 'datagram could not be sent'));
  let open = true;
  return {
    listening: { scheme, host, port: socket.address().port },
    send(datagram, peer) {
      if (open) socket.send(datagram, peer.port, peer.address);
    },
    close() {
      if (!open) return;
      open = false;
      socket.close();
    },
  };
}

/** Peers are known by address: a look-up of each would cost a turn of the event loop for every datagram. */
const addressesOnly: NonNullable<Parameters<typeof createSocket>[0] & object>['lookup'] = (
  host,
  _options,
  done,
) => {
  done(null, host, isIPv6(host) ? 6 : 4);
};

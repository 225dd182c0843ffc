import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { HostContext, ListenAddress } from '@rollcall/adapter-kit';
import type { Listener } from '@rollcall/adapter-kit/listening';
import { servedPeer, servePeer } from '@rollcall/containment';
import { TransportError } from '@rollcall/core';
import type { DatagramCounters } from './datagram-counters.ts';

export interface UdpPeer {
  readonly address: string;
  readonly port: number;
}

export interface UdpSocket {
  readonly listening: ListenAddress;
  /** A datagram that cannot be sent is lost: counted, and logged once a minute. Never throws. */
  send(datagram: Uint8Array, peer: UdpPeer): void;
  close(): void;
}

/** What becomes of the datagrams of a socket. */
export interface DatagramReceiver {
  /** Called for every datagram that was read, also for one that is dropped. */
  read?(): void;
  /** If it throws, the sender loses its datagram: counted, and logged once a minute. */
  receive(datagram: Buffer, peer: RemoteInfo): void;
}

/** Room for datagrams that arrive while the event loop is busy; the system may grant less. */
const bufferBytes = 4_194_304;

/**
 * Binds a UDP socket.
 *
 * @throws TransportError if the port cannot be bound.
 */
export async function bindUdp(
  scheme: string,
  { host, port }: Listener,
  { failed }: Pick<HostContext, 'failed'>,
  counters: DatagramCounters,
  receiver: DatagramReceiver,
): Promise<UdpSocket> {
  const cannotBind = (error: unknown): TransportError => {
    const { code } = error as NodeJS.ErrnoException;
    return new TransportError(`${scheme} port ${host}:${port} cannot be bound: ${code}`, {
      startCode: 'PORT_NOT_BOUND',
      cause: error,
    });
  };
  const own = await lookup(host).catch((error: unknown) => Promise.reject(cannotBind(error)));
  const socket = createSocket({
    type: own.family === 6 ? 'udp6' : 'udp4',
    recvBufferSize: bufferBytes,
    sendBufferSize: bufferBytes,
    lookup: addressesOnly,
  });
  // There is nothing to end: the sender has only its datagram here, which is lost already.
  const sender = servedPeer(scheme, failed, () => {});
  socket.on('message', (datagram, peer) => {
    receiver.read?.();
    // Nothing can be sent to port 0 (RFC 768: the sender wants no answer), so the sender cannot prove its address.
    if (peer.port === 0) counters.dropped['port-0']++;
    else servePeer(sender, () => receiver.receive(datagram, peer));
  });
  await listen(socket, own.address, port).catch((error: unknown) => Promise.reject(cannotBind(error)));

  const unsent = (error: unknown): void => failed(`${scheme}: send`, error);
  // Without a callback Node.js does not report that a datagram was not sent.
  const sent = (error: Error | null): void => {
    if (error) unsent(error);
  };
  socket.on('error', unsent);
  let open = true;
  return {
    listening: { scheme, host, port: socket.address().port },
    send(datagram, peer) {
      if (!open) return;
      try {
        socket.send(datagram, peer.port, peer.address, sent);
      } catch (error) {
        unsent(error);
      }
    },
    close() {
      if (!open) return;
      open = false;
      socket.close();
    },
  };
}

async function listen(socket: Socket, address: string, port: number): Promise<void> {
  // The socket may listen before `bind` returns, since addresses are looked up at once.
  const listening = once(socket, 'listening');
  socket.bind({ address, port });
  await listening;
}

/** Peers are known by address: a look-up of each would cost a turn of the event loop for every datagram. */
const addressesOnly: NonNullable<Parameters<typeof createSocket>[0] & object>['lookup'] = (
  host,
  _options,
  done,
) => {
  done(null, host, isIPv6(host) ? 6 : 4);
};

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RemoteInfo, Socket } from 'node:dgram';

/** Where a datagram says that it comes from. */
export type Origin = Pick<RemoteInfo, 'address' | 'family' | 'port'>;

/** How sending to forged origins fails: the operating system's answers, and Node.js' own. */
export type SendFailure = 'none' | 'throws' | 'EPERM' | 'ENETUNREACH' | 'EMSGSIZE' | 'error event';

export interface ForgedNetwork {
  /** A datagram arrives at the port, as if from there. */
  arrive(port: number, datagram: Uint8Array, from: Origin): void;
  /** Decides how sending there fails; without a decision the datagrams are lost. */
  fate(to: Origin, decide: (datagram: Buffer) => SendFailure): void;
  /** The sockets that are made from now on are no longer watched. */
  release(): void;
}

type Sent = (error: Error | null) => void;

/**
 * Replaces the UDP sockets that are made from now on: datagrams come from addresses that a test has no socket for, and
 * answers to these origins fail as the test says. All others are sent normally.
 */
export function forgeNetwork(): ForgedNetwork {
  const sockets: Socket[] = [];
  const fates = new Map<string, (datagram: Buffer) => SendFailure>();
  const keyOf = (port: number, address: string): string => `${address}|${port}`;

  function take(message: unknown): void {
    const { socket } = message as { readonly socket: Socket };
    sockets.push(socket);
    const send = socket.send.bind(socket) as (...args: unknown[]) => void;
    socket.send = ((datagram: Buffer, port: number, address: string, sent?: Sent) => {
      const fate = fates.get(keyOf(port, address))?.(datagram);
      if (fate === undefined) send(datagram, port, address, sent);
      else fail(socket, fate, sent);
    }) as Socket['send'];
  }
  subscribe('udp.socket', take);

  return {
    arrive(port, datagram, from) {
      const socket = sockets.find((each) => isBoundTo(each, port));
      socket?.emit('message', Buffer.from(datagram), { ...from, size: datagram.length });
    },
    fate: (to, decide) => fates.set(keyOf(to.port, to.address), decide),
    release: () => unsubscribe('udp.socket', take),
  };
}

function isBoundTo(socket: Socket, port: number): boolean {
  try {
    return socket.address().port === port;
  } catch {
    return false;
  }
}

function fail(socket: Socket, failure: SendFailure, sent: Sent | undefined): void {
  if (failure === 'none') return;
  const error = Object.assign(new Error(`send ${failure}`), { code: failure });
  if (failure === 'throws') throw error;
  if (failure === 'error event' || !sent) socket.emit('error', error);
  else process.nextTick(sent, error);
}

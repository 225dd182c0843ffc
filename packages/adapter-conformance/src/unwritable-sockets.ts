import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

export const writeFailures = ['throws', 'EPERM', 'ENETUNREACH', 'EPIPE'] as const;

type WriteFailure = (typeof writeFailures)[number];

/** From now on nothing can be written to the sockets that servers of this process accept, until the result is called. */
export function makeSocketsUnwritable(failure: WriteFailure): () => void {
  return withEachSocket((socket) => spoil(socket, failure));
}

/** From now on one in eight of these sockets fails in one of these ways, after a few writes, until the result is called. */
export function makeSocketsUnreliable(random: { pick(below: number): number }): () => void {
  return withEachSocket((socket) => {
    if (random.pick(8) > 0) return;
    const failure = writeFailures[random.pick(writeFailures.length)] ?? 'throws';
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    let left = random.pick(4);
    socket.write = (...args: unknown[]) => {
      if (left-- > 0) return write(...args);
      spoil(socket, failure);
      return socket.write('');
    };
  });
}

/** Sockets that servers of this process accept from now on, until `forget`. */
export interface AcceptedSockets {
  /** What is written to them from now on goes nowhere: the buffers of a peer that does not read are full. */
  fill(): void;
  /** How many of them are not destroyed. */
  open(): number;
  forget(): void;
}

export function watchAcceptedSockets(): AcceptedSockets {
  const sockets: Socket[] = [];
  const forget = withEachSocket((socket) => sockets.push(socket));
  return {
    fill() {
      for (const socket of sockets) takeNoMore(socket);
    },
    open: () => sockets.filter(({ destroyed }) => !destroyed).length,
    forget,
  };
}

function takeNoMore(socket: Socket): void {
  const wait = (written: (error?: Error) => void): void =>
    void socket.once('close', () => written(new Error('the socket is destroyed')));
  socket._write = (_bytes, _encoding, written) => wait(written);
  socket._writev = (_chunks, written) => wait(written);
  socket.write(Buffer.alloc(socket.writableHighWaterMark));
}

function spoil(socket: Socket, failure: WriteFailure): void {
  socket.write = () => {
    const error = Object.assign(new Error(`write ${failure}`), { code: failure });
    if (failure === 'throws') throw error;
    socket.destroy(error);
    return false;
  };
}

function withEachSocket(use: (socket: Socket) => unknown): () => void {
  const take = (message: unknown): void => void use((message as { readonly socket: Socket }).socket);
  subscribe('net.server.socket', take);
  return () => void unsubscribe('net.server.socket', take);
}

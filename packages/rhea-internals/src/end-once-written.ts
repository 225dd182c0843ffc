import type { Socket } from 'node:net';

/** Ends our side of a connection once rhea has written what it was told in this turn: it writes in a turn of its own. */
export function endOnceWritten(socket: Pick<Socket, 'end'>): void {
  setImmediate(() => setImmediate(() => socket.end()));
}

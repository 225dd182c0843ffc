import type { Socket } from 'node:net';
import { later, type Clock } from '@rollcall/core/environment';

type Written = (error?: Error | null) => void;

/** Reading reports the end of a connection at once, unless it is not read. */
const readWithinMs = 1_000;

/**
 * If a device hung up, writing to it fails, and the stream would be destroyed at once. What the device sent before may still wait in
 * the operating system: so reading goes on to the end.
 */
export function outliveFailedWrites(socket: Socket, clock: Clock): void {
  let failed = false;

  function take(error: Error): void {
    if (failed) return;
    failed = true;
    // All was read: nothing is left to wait for.
    if (socket.readableEnded) {
      socket.destroy(error);
      return;
    }
    // The system reported a reset once, by the write: reading comes to an ordinary end.
    socket.once('end', () => socket.destroy(error));
    const disarm = clock.at(later(clock.monotonic(), readWithinMs), () => socket.destroy(error));
    socket.once('close', disarm);
  }

  function tolerant(done: Written): Written {
    return (error) => {
      if (error && !socket.destroyed) take(error);
      done();
    };
  }

  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => (failed ? done() : write(chunk, encoding, tolerant(done)));
  if (writev) socket._writev = (chunks, done) => (failed ? done() : writev(chunks, tolerant(done)));
}

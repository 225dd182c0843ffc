import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

// After a freeze of the process, Node's timers run before it reads its sockets: what a device sent in time waits there.

/** To be called where a connection was idle for too long: closes it, unless something of the device had arrived. */
export function closeIfIdle(socket: Socket): void {
  const { bytesRead } = socket;
  setImmediate(() => {
    if (socket.bytesRead === bytesRead) socket.destroy();
  });
}

/** To be called where a request took too long: rejects it, unless the rest of it had arrived. */
export function rejectUnlessWhole(socket: Socket, reject: () => void): void {
  const before = latestRequest(socket);
  const wasWhole = before?.complete === true;
  let { bytesRead } = socket;
  const look = (): void => {
    if (socket.bytesRead === bytesRead) {
      reject();
      return;
    }
    ({ bytesRead } = socket);
    const latest = latestRequest(socket);
    const isWhole = latest?.complete === true && !(wasWhole && latest === before);
    // A large body is read in several turns.
    if (!isWhole && !socket.destroyed) setImmediate(look);
  };
  setImmediate(look);
}

/** The request whose head was read last; it may be answered already. */
function latestRequest(socket: Socket): IncomingMessage | undefined {
  return (
    (socket as { readonly parser?: { readonly incoming?: IncomingMessage } }).parser?.incoming ?? undefined
  );
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

export interface RequestBounds {
  readonly maxPerConnection?: number;
  readonly continues?: 'by Node.js' | 'by the handler';
}

/** HTTP/1.1 lets a client send requests without waiting for answers. */
const defaultMax = 16;
/** Bytes that are parsed at a time. The shortest requests are some twenty bytes long. */
const sliceBytes = 2_048;

/**
 * Serves at most so many requests of a connection at a time; one more closes it, and what it sent behind that is not even parsed.
 * Two thousand requests fit into the 64 kB that are read at once: without this limit a few connections would delay all others for
 * seconds.
 *
 * @param bounds `maxPerConnection`: requests that one network connection may have open. `continues`: is called when a client
 * waits for `100 Continue` before it sends its body; the handler may answer at once instead.
 */
export function boundRequests(
  server: Server,
  serve: Serve,
  { maxPerConnection = defaultMax, continues = 'by Node.js' }: RequestBounds = {},
): void {
  const open = new WeakMap<Socket, number>();
  const cutOff = new WeakSet<Socket>();

  const bounded =
    (next: Serve): Serve =>
    (request, response) => {
      const { socket } = request;
      if (cutOff.has(socket)) return;
      const before = open.get(socket) ?? 0;
      if (before >= maxPerConnection) {
        cutOff.add(socket);
        socket.destroy();
        return;
      }
      open.set(socket, before + 1);
      // Node.js reports it once: to have it forgotten then would cost more than the rest.
      response.on('close', () => open.set(socket, (open.get(socket) ?? 1) - 1));
      next(request, response);
    };

  server.on('request', bounded(serve));
  if (continues === 'by the handler') server.on('checkContinue', bounded(serve));
  // Node answers it by itself where there is no listener, and as often as it comes.
  server.on(
    'checkExpectation',
    bounded((_request, response) => response.writeHead(417).end()),
  );
  // Requests are read from what TLS has decrypted.
  const arrival = server instanceof TlsServer ? 'secureConnection' : 'connection';
  server.on(arrival, (socket: Socket) => parseInSlices(socket, () => cutOff.has(socket)));
}

/** Node.js gives its parser all that was read at once, and the parser cannot be stopped halfway. */
function parseInSlices(socket: Socket, isCutOff: () => boolean): void {
  const parsers = socket.listeners('data') as ((bytes: Buffer) => void)[];
  for (const parse of parsers) {
    socket.off('data', parse);
    socket.on('data', (bytes: Buffer) => {
      // Almost always.
      if (bytes.length <= sliceBytes && !isCutOff()) {
        parse.call(socket, bytes);
        return;
      }
      for (let start = 0; start < bytes.length && !isCutOff(); start += sliceBytes)
        parse.call(socket, bytes.subarray(start, start + sliceBytes));
    });
  }
}

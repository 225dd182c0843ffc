import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A relay to a port of loopback that delays everything the server sends. */
export interface SlowRelay {
  readonly port: number;
  delayMs: number;
  close(): void;
}

export async function slowRelayTo(target: number): Promise<SlowRelay> {
  const sockets = new Set<Socket>();
  const relay = { port: 0, delayMs: 0, close };
  const server = createServer({ noDelay: true }, (front) => {
    const back = connect({ port: target, host: '127.0.0.1', noDelay: true });
    for (const socket of [front, back]) {
      sockets.add(socket.on('error', () => {}));
      socket.once('close', () => {
        sockets.delete(socket);
        front.destroy();
        back.destroy();
      });
    }
    front.on('data', (bytes: Buffer) => back.write(bytes));
    // Timers of one delay ring in the order in which they were set.
    back.on('data', (bytes: Buffer) => void setTimeout(() => front.write(bytes), relay.delayMs));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  relay.port = (server.address() as AddressInfo).port;
  return relay;

  function close(): void {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a TCP port of loopback, which can be cut. */
export interface TcpRelay {
  readonly port: number;
  /**
   * Nothing passes any more, and nobody is told: as where a cable is cut.
   *
   * @param only one direction: `back` to whoever dialled, or `forth`. Default: both.
   */
  silence(only?: 'back' | 'forth'): void;
  /** Connections are closed, and new ones are refused. */
  cut(): void;
  /** What was there before is gone, and new connections pass. */
  restore(): void;
  /** Connections are closed, and new ones go to another port. */
  leadTo(target: number): void;
  close(): Promise<void>;
}

export async function relayTcpTo(first: number): Promise<TcpRelay> {
  let target = first;
  const sockets = new Set<Socket>();
  let passes: 'all' | 'nothing' | 'none' | 'back' | 'forth' = 'all';
  const drop = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer({ noDelay: true }, (front) => {
    keep(front);
    if (passes === 'none') front.resetAndDestroy();
    if (passes === 'none' || passes === 'nothing') return;
    const back = connect({ port: target, host: '127.0.0.1', noDelay: true });
    keep(back);
    for (const [from, to, way] of [
      [front, back, 'forth'],
      [back, front, 'back'],
    ] as const) {
      from.on('data', (bytes: Buffer) => {
        if (passes === 'all' || passes === way) to.write(bytes);
      });
      from.once('close', () => {
        if (passes === 'all') to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    silence(only) {
      passes = only === undefined ? 'nothing' : only === 'back' ? 'forth' : 'back';
    },
    cut() {
      passes = 'none';
      drop();
    },
    restore() {
      passes = 'all';
      drop();
    },
    leadTo(another) {
      target = another;
      drop();
    },
    async close() {
      passes = 'none';
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}

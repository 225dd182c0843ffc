import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';

export interface ConnectionFloodOptions {
  readonly port: number;
  readonly addresses: readonly string[];
  readonly perSecond: number;
  /** What each connection says, once. */
  readonly says?: Uint8Array;
}

export interface ConnectionFlood {
  readonly opened: number;
  /** Connections that the other side ended. */
  readonly closed: number;
  stop(): void;
}

const everyMs = 20;
/** Connections held at a time; older ones are given up. */
const maxOpen = 3_000;

/** Opens connections at a steady rate, and holds them. */
export function startConnectionFlood(options: ConnectionFloodOptions): ConnectionFlood {
  const { port, addresses, perSecond, says } = options;
  const sockets = new Set<Socket>();
  let opened = 0;
  let closed = 0;

  function open(): void {
    const localAddress = addresses[opened % addresses.length];
    opened += 1;
    const socket = connect({ port, host: '127.0.0.1', ...(localAddress !== undefined && { localAddress }) });
    sockets.add(socket);
    socket.on('error', () => {}).resume();
    socket.once('close', () => {
      if (sockets.delete(socket)) closed += 1;
    });
    if (says) socket.write(says);
    const [oldest] = sockets;
    if (sockets.size > maxOpen && oldest) {
      sockets.delete(oldest);
      oldest.destroy();
    }
  }

  const beat = setInterval(() => {
    for (let i = 0; i < (perSecond * everyMs) / 1_000; i++) open();
  }, everyMs);

  return {
    get opened() {
      return opened;
    },
    get closed() {
      return closed;
    },
    stop() {
      clearInterval(beat);
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
  };
}

/** The first bytes of a TLS client. */
export async function clientHello(): Promise<Uint8Array> {
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  const client = connectTls({ port, host: '127.0.0.1' }).on('error', () => {});
  const [socket] = (await once(listener, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  for (const each of [client, socket]) each.destroy();
  listener.close();
  return bytes;
}

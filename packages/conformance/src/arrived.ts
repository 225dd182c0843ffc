import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { settled } from './manual-clock.ts';

/** The servers' ends of network connections within this process, by the port of the other end. */
const ends = new Map<number, Socket>();
subscribe('net.server.socket', (message) => {
  const { socket } = message as { readonly socket: Socket };
  if (socket.remotePort !== undefined) ends.set(socket.remotePort, socket);
});

/** Resolves once a server of this process has taken all from the operating system that was written to this socket. */
export async function arrived(client: Socket): Promise<void> {
  const port = client.localPort ?? 0;
  while ((ends.get(port)?.bytesRead ?? 0) < client.bytesWritten) await settled();
  await settled();
}

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { portNames, type DemoPorts } from './ports.ts';

/** The first of the ports that cannot be bound on loopback, as a line for people; `undefined` where all can. */
export async function findTakenPort(ports: DemoPorts): Promise<string | undefined> {
  for (const name of Object.keys(portNames) as (keyof DemoPorts)[]) {
    const port = ports[name];
    try {
      await (name === 'coaps' ? tryUdp(port) : tryTcp(port));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
      return `port ${port}, for ${portNames[name]}, ${why}: end what uses it, or move all ports with --port-offset 10000`;
    }
  }
  return undefined;
}

async function tryTcp(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

async function tryUdp(port: number): Promise<void> {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  socket.close();
  await once(socket, 'close');
}

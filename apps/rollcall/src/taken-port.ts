import { once } from 'node:events';
import { createServer } from 'node:net';
import { portNames, type DemoPorts } from './ports.ts';

/** The first of the ports that cannot be bound on loopback, as a line for people; `undefined` where all can. */
export async function findTakenPort(ports: DemoPorts): Promise<string | undefined> {
  for (const name of Object.keys(portNames) as (keyof DemoPorts)[]) {
    const port = ports[name];
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
      return `port ${port}, for ${portNames[name]}, ${why}: end what uses it, or move all ports with --port-offset 10000`;
    }
    server.close();
    await once(server, 'close');
  }
  return undefined;
}

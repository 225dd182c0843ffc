import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AdapterEntry } from '../adapters/adapter-entry.ts';
import { portsOf, type DemoPorts } from '../adapters/ports.ts';

const greatestPort = 65_535;

/** Names the first port that cannot be bound on loopback, in a line for people; `undefined`: all can be bound. */
export async function findTakenPort(
  table: readonly AdapterEntry[],
  ports: DemoPorts,
): Promise<string | undefined> {
  for (const { port, purpose, transport } of needed(table, ports)) {
    if (port > greatestPort)
      return `port ${port}, for ${purpose}, is greater than ${greatestPort}: give a smaller --port-offset`;
    try {
      await (transport === 'udp' ? tryUdp(port) : tryTcp(port));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
      return `port ${port}, for ${purpose}, ${why}: end what uses it, or move all ports with --port-offset 10000`;
    }
  }
  return undefined;
}

interface NeededPort {
  readonly port: number;
  readonly purpose: string;
  readonly transport: 'tcp' | 'udp';
}

function needed(table: readonly AdapterEntry[], ports: DemoPorts): readonly NeededPort[] {
  return [
    ...table.map(({ name, title, up: { transport } }) => ({
      port: portsOf(ports, name).devices,
      purpose: `${title} devices`,
      transport,
    })),
    { port: ports.network, purpose: 'the messaging network', transport: 'tcp' },
    { port: ports.presence.api, purpose: 'the presence service', transport: 'tcp' },
    { port: ports.registry.api, purpose: 'the management of devices', transport: 'tcp' },
    { port: ports.registry.services, purpose: 'the device registry', transport: 'tcp' },
    ...table.map(({ name, title }) => ({
      port: portsOf(ports, name).health,
      purpose: `health and metrics of the ${title} adapter`,
      transport: 'tcp' as const,
    })),
    {
      port: ports.presence.health,
      purpose: 'health and metrics of the presence service',
      transport: 'tcp' as const,
    },
    {
      port: ports.registry.health,
      purpose: 'health and metrics of the device registry',
      transport: 'tcp' as const,
    },
  ];
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

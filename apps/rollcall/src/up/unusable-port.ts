import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isBlockedPort } from '@rollcall/adapter-kit/internal';
import type { AdapterEntry } from '../adapters/adapter-entry.ts';
import { portsOf, type DemoPorts } from '../adapters/ports.ts';

const greatestPort = 65_535;

/** Names the first port that cannot be used on loopback, in a line for people; `undefined`: all can be used. */
export async function findUnusablePort(
  table: readonly AdapterEntry[],
  ports: DemoPorts,
): Promise<string | undefined> {
  for (const { port, purpose, transport, http } of needed(table, ports)) {
    if (port > greatestPort)
      return `port ${port}, for ${purpose}, is greater than ${greatestPort}: give a smaller --port-offset`;
    if (http && port > 0 && isBlockedPort(port))
      return `port ${port}, for ${purpose}, is one that browsers and fetch refuse to use: give another --port-offset`;
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
  /** Whether browsers, and programs with `fetch`, use it. */
  readonly http: boolean;
}

function needed(table: readonly AdapterEntry[], ports: DemoPorts): readonly NeededPort[] {
  const http = { transport: 'tcp', http: true } as const;
  const amqp = { transport: 'tcp', http: false } as const;
  return [
    ...table.map(({ name, title, up: { transport, url } }) => ({
      port: portsOf(ports, name).devices,
      purpose: `${title} devices`,
      transport,
      http: url.startsWith('http:'),
    })),
    { port: ports.network, purpose: 'the messaging network', ...amqp },
    { port: ports.presence.api, purpose: 'the presence service', ...http },
    { port: ports.registry.api, purpose: 'the management of devices', ...http },
    { port: ports.registry.services, purpose: 'the device registry', ...amqp },
    ...table.map(({ name, title }) => ({
      port: portsOf(ports, name).health,
      purpose: `health and metrics of the ${title} adapter`,
      ...http,
    })),
    { port: ports.presence.health, purpose: 'health and metrics of the presence service', ...http },
    { port: ports.registry.health, purpose: 'health and metrics of the device registry', ...http },
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
